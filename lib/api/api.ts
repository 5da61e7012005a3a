import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { type Ctx, requirePrincipal } from '@/lib/accounts/principal'
import { AppError } from '@/lib/errors'
import { accountRoutes } from './accounts'
import { conversationRoutes, messageRoutes } from './conversations'
import type { Api, ApiEnv } from './endpoint'
import { flowRoutes } from './flows'
import { meRoutes } from './me'
import { invalidFrom, problemFrom, tooLarge } from './problem'
import { Problem } from './schemas'

export const MAX_BODY_BYTES = 2 * 1024 * 1024

/** Where it is mounted. */
const BASE = '/api/v1'

/** The public API: answers every request below /api/v1. `authenticate` says who asks, or throws. */
export function createApi(authenticate: (request: Request) => Promise<Ctx> = requirePrincipal): Api {
  const api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidFrom(result.error)
    },
  }).basePath(BASE)
  api.onError(problemFrom)
  api.notFound(() =>
    problemFrom(new AppError('not-found', 'There is no such endpoint; they are described at /api/v1/openapi.json.')),
  )

  const description = describe(api)
  api.get('/openapi.json', (c) => c.json(description(), 200))
  api.use('*', async (c, next) => {
    c.set('ctx', await authenticate(c.req.raw))
    await next()
    c.res.headers.set('cache-control', 'no-store')
  })
  api.use('*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => tooLarge(MAX_BODY_BYTES) }))
  for (const routes of [meRoutes, accountRoutes, flowRoutes, conversationRoutes, messageRoutes]) routes(api)
  return api
}

/** The OpenAPI document, made once, when it is first asked for. */
function describe(api: Api): () => ReturnType<Api['getOpenAPI31Document']> {
  let made: ReturnType<Api['getOpenAPI31Document']> | undefined
  return () => {
    if (made) return made
    api.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
    api.openAPIRegistry.register('Problem', Problem)
    made = api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Parley',
        version: '1',
        description:
          'Flows, conversations and accounts of one workspace. Every endpoint but this one needs an API key; `x-role` is the least role.',
      },
    })
    const problem = {
      description: 'A problem (RFC 9457).',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
    for (const operations of Object.values(made.paths ?? {})) {
      for (const operation of [operations.get, operations.post, operations.put]) {
        if (operation) operation.responses = { ...operation.responses, default: problem }
      }
    }
    return made
  }
}
