import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { AppError } from '@/lib/errors'
import { log, reasonOf } from '@/lib/log'
import type { Context } from './context'
import { accountRoutes } from './driver-accounts'
import { controlRoutes } from './driver-control'
import { peopleRoutes } from './driver-people'
import { type Answer, json } from './http'
import { type DriverRoute, matchPath, readJson, statusOfCode } from './route'

export const driverRoutes: DriverRoute[] = [...accountRoutes, ...peopleRoutes, ...controlRoutes]

/** What can be asked, for programs: method, path, query and the JSON schema of the body. */
function list(context: Context): object {
  return {
    about: 'The driver of the sandbox. POST, PATCH and DELETE need Content-Type: application/json.',
    graphUrl: `${context.url}/graph.instagram.com`,
    facebookGraphUrl: `${context.url}/graph.facebook.com`,
    routes: driverRoutes.map(({ method, path, does, query, body }) => ({
      method,
      path: `/driver${path}`,
      does,
      ...(query ? { query } : {}),
      ...(body ? { body: z.toJSONSchema(body, { io: 'input' }) } : {}),
    })),
  }
}

const problem = (status: number, code: string, detail: string, details: object = {}): Answer => ({
  ...json({ title: code, status, detail, ...details }, status),
  contentType: 'application/problem+json',
})

/** Answers a call of `/driver/*`; what is wrong with it comes back as an RFC 9457 problem that says what to do. */
export async function answerDriver(context: Context, url: URL, request: IncomingMessage, body: string): Promise<Answer> {
  const path = url.pathname.slice('/driver'.length).replace(/\/$/, '')
  const method = request.method ?? 'GET'
  try {
    if (path === '' && method === 'GET') return json(list(context))
    // A form or a script of a page elsewhere cannot send this type without asking first, and nobody here says yes.
    if (method !== 'GET' && !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return problem(415, 'unsupported-media-type', 'Send Content-Type: application/json, also when there is no body.')
    }
    const found = driverRoutes.flatMap((route) => {
      const params = matchPath(route.path, path)
      return params ? [{ route, params }] : []
    })
    const match = found.find(({ route }) => route.method === method)
    if (!match) {
      const allowed = found.map(({ route }) => route.method)
      if (allowed.length > 0)
        return problem(405, 'method-not-allowed', `Here: ${allowed.join(', ')}. GET /driver lists what there is.`)
      throw new AppError('not-found', 'No such address; GET /driver lists what there is.')
    }
    const input = match.route.body ? readJson(match.route.body, body) : {}
    const answer = await match.route.answer({ context, params: match.params, query: url.searchParams, body: input })
    await context.store.settled()
    return json(answer)
  } catch (error) {
    if (error instanceof AppError) return problem(statusOfCode[error.code], error.code, error.message, error.details)
    if (error instanceof URIError) return problem(400, 'invalid', 'The address is not well-formed.')
    log.error('sandbox.driver', { reason: reasonOf(error) })
    return problem(503, 'unavailable', 'The sandbox could not do this now; its log says why.')
  }
}
