import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { log, reasonOf } from '@/lib/log'
import { type Context, takeFrom } from './context'
import { strike, type Target, underFault } from './faults'
import { envelopeOf, GraphError, type GraphErrorFacts, type GraphRoute, graphErrors, statusOf } from './graph-error'
import * as reads from './graph-reads'
import { carryOutSend } from './graph-send'
import { type Answer, json } from './http'
import type { Account, GraphCall, Message } from './model'
import type { Params } from './send-rules'

interface Call {
  context: Context
  route: GraphRoute
  method: string
  /** Of the path, without the version. */
  segments: string[]
  params: Params
  /** Host and version, for the addresses of further pages. */
  base: string
}

const deadTokens = {
  expired: graphErrors.badToken('Error validating access token: Session has expired.', 463),
  revoked: graphErrors.badToken('Error validating access token: The user has not authorized application.', 458),
  'password-changed': graphErrors.badToken(
    'Error validating access token: The session has been invalidated because the user changed the password.',
    460,
  ),
  'logged-out': graphErrors.badToken('Error validating access token: The session is invalid because the user logged out.', 467),
} as const

/** First of all, as Meta does it: a wrong token hides every other error. @throws GraphError 190. */
function authenticate(call: Call, authorization: string | undefined): Account {
  const bearer = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1]
  const token = bearer ?? call.params.access_token
  if (typeof token !== 'string' || token === '')
    throw graphErrors.badToken('An access token is required to request this resource.')
  for (const account of call.context.world.accounts.values()) {
    if (account.route !== 'both' && account.route !== call.route) continue
    if (token !== (call.route === 'instagram' ? account.accessToken : account.pageAccessToken)) continue
    if (account.settings.token !== 'valid') throw deadTokens[account.settings.token]
    checkProof(call, account, token)
    return account
  }
  throw graphErrors.badToken()
}

function checkProof(call: Call, account: Account, token: string): void {
  const proof = call.params.appsecret_proof
  if (proof === undefined) return
  const expected = createHmac('sha256', account.appSecret).update(token).digest()
  const given = Buffer.from(String(proof), 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw graphErrors.invalid('Invalid appsecret_proof provided in the API argument')
  }
}

interface Plan {
  target: Target
  apply: () => Promise<{ body: object; message?: Message | null }>
}

/** What the call asks for; carried out only when `apply` is called. */
function plan(call: Call, account: Account): Plan {
  const { context, route, method, segments } = call
  const { world } = context
  const [id = '', edge] = segments
  const isInstagram = route === 'instagram'
  const isSelf =
    id === 'me' || id === (isInstagram ? account.igId : account.pageId) || (isInstagram && id === account.appScopedId)
  const isOtherNode = !isInstagram && id === account.igId
  const readCall = { context, account, route, params: call.params, base: call.base }
  const read = (target: Target, answer: () => object): Plan => ({
    target,
    apply: async () => {
      const isLookUp = target === 'conversations'
      if (isLookUp && !takeFrom(context.rates, `conversations:${account.igId}`, account.settings.conversationsPerSecond)) {
        throw graphErrors.rateLimited()
      }
      return { body: answer() }
    },
  })
  const refuse = (error: GraphError): Plan => ({ target: 'other', apply: () => Promise.reject(error) })

  if (segments.length > 2) return refuse(graphErrors.noObject(segments.join('/')))
  if (edge === 'messages' && method === 'POST') {
    if (isOtherNode) return { ...refuse(graphErrors.noCapability()), target: 'messages' }
    if (!isSelf) return { ...refuse(graphErrors.noObject(id)), target: 'messages' }
    return {
      target: 'messages',
      apply: async () => {
        const sent = await carryOutSend(context, account, call.params)
        await context.store.settled()
        await sent.echoed
        return sent
      },
    }
  }
  if (edge === 'subscribed_apps' && isSelf)
    return { target: 'other', apply: async () => ({ body: subscribedApps(call, account) }) }
  if (method !== 'GET') return refuse(graphErrors.invalid('Unsupported post request.'))
  if (edge === 'conversations' && isSelf) return read('conversations', () => reads.readConversations(readCall))
  if (edge === 'conversations' && isOtherNode) return refuse(graphErrors.noCapability())

  const thread = world.threadByConversation(id)
  if (thread?.igId === account.igId) {
    if (edge === undefined) return read('conversations', () => reads.readConversation(readCall, thread))
    if (edge === 'messages') return read('conversations', () => reads.readMessages(readCall, thread))
  }
  if (edge === undefined) {
    if (isSelf) return read('me', () => reads.readMe(readCall))
    if (isOtherNode) return read('me', () => reads.readAccountNode(readCall))
    const message = world.messages.get(id)
    const itsThread = message?.igId === account.igId ? world.threadOf(message.igId, message.igsid) : undefined
    if (message && itsThread) return read('conversations', () => reads.readMessage(readCall, itsThread, message))
    const person = world.personBehind(account.igId, id)
    if (person) return read('profile', () => reads.readProfile(readCall, person, id))
  }
  return refuse(graphErrors.noObject(id))
}

/** The installation of the app on the account: without it no event is delivered. */
function subscribedApps(call: Call, account: Account): object {
  if (call.method === 'GET')
    return { data: account.isInstalled ? [{ id: '1', name: 'Sandbox app', subscribed_fields: ['messages'] }] : [] }
  if (call.method !== 'POST' && call.method !== 'DELETE') throw graphErrors.invalid('Unsupported method.')
  account.isInstalled = call.method === 'POST'
  call.context.world.saveAccount(account)
  return { success: true }
}

function readParams(url: URL, body: string, contentType: string): Params {
  const query: Params = Object.fromEntries(url.searchParams)
  if (body === '') return query
  if (/^application\/json\b/i.test(contentType)) {
    let parsed: unknown
    try {
      parsed = JSON.parse(body)
    } catch {
      throw graphErrors.invalid('The body is not valid JSON.')
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw graphErrors.invalid('The body must be a JSON object.')
    return { ...query, ...parsed }
  }
  if (/^multipart\//i.test(contentType)) throw graphErrors.notYet('A multipart body')
  return { ...query, ...Object.fromEntries(new URLSearchParams(body)) }
}

/** What the faults look at; a body that makes no sense simply matches nothing. */
function glance(params: Params): { text: string | null; recipient: string | null } {
  const unfold = (value: unknown) => {
    try {
      return (typeof value === 'string' ? JSON.parse(value) : value) as Record<string, unknown> | null
    } catch {
      return null
    }
  }
  const text = unfold(params.message)?.text
  const recipient = unfold(params.recipient)?.id
  return { text: typeof text === 'string' ? text : null, recipient: typeof recipient === 'string' ? recipient : null }
}

/** Answers one call of Graph and keeps its record. @returns null when the connection is to be cut. */
export async function answerGraph(
  context: Context,
  route: GraphRoute,
  url: URL,
  request: IncomingMessage,
  body: string,
  callerLeft: Promise<void>,
): Promise<Answer | null> {
  const began = Date.now()
  const at = context.clock.now()
  const segments = url.pathname.split('/').filter(Boolean).slice(1).map(decodeURIComponent)
  const version = /^v\d+\.\d+$/.test(segments[0] ?? '') ? `/${segments.shift()}` : ''
  const base = `${context.url}/graph.${route}.com${version}`
  const call: Call = { context, route, method: request.method ?? 'GET', segments, params: {}, base }
  let account: Account | null = null
  let fault: string | null = null
  let message: Message | null = null
  let answer: Answer | null
  try {
    // A body that cannot be read is told only to who may speak at all.
    let unreadable: unknown = null
    try {
      call.params = readParams(url, body, request.headers['content-type'] ?? '')
    } catch (error) {
      call.params = Object.fromEntries(url.searchParams)
      unreadable = error
    }
    account = authenticate(call, request.headers.authorization)
    if (unreadable) throw unreadable
    const own = plan(call, account)
    const struck = strike(context, { igId: account.igId, target: own.target, ...glance(call.params) })
    fault = struck?.kind ?? null
    const apply = async () => {
      const done = await own.apply()
      message = done.message ?? null
      await context.store.settled()
      return json(done.body)
    }
    answer = await underFault(context, struck, apply, callerLeft)
  } catch (error) {
    if (!(error instanceof GraphError)) log.error('sandbox.graph', { reason: reasonOf(error) })
    const facts: GraphErrorFacts =
      error instanceof GraphError ? error.facts : { code: 1, message: 'An unknown error has occurred.', isTransient: true }
    answer = json(envelopeOf(facts, route), statusOf(facts))
  }
  record(context, request, { at, igId: account?.igId ?? null, route, body, fault, answer, message, ms: Date.now() - began })
  return answer
}

function record(
  context: Context,
  request: IncomingMessage,
  facts: Pick<GraphCall, 'at' | 'igId' | 'route' | 'body' | 'fault' | 'ms'> & { answer: Answer | null; message: Message | null },
): void {
  const { answer, message, ...rest } = facts
  const id = context.store.nextNumber('call')
  const row: GraphCall = {
    ...rest,
    id,
    method: request.method ?? '',
    url: request.url ?? '',
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    status: answer?.status ?? null,
    answer: answer ? String(answer.body) : null,
    mid: message?.mid ?? null,
  }
  context.store.put('call', id, row)
}
