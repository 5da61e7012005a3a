import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** For tests: a receiver of webhooks, and short ways to speak to the sandbox over HTTP. */

export interface Received {
  body: string
  headers: IncomingHttpHeaders
}

export interface Receiver {
  url: string
  /** What arrived, in order, whatever was answered. */
  received: Received[]
  /** Elements of all that arrived. */
  elements(): Record<string, never>[]
  /** Decides the status of an answer; `hang` never answers. */
  answerWith(decide: (received: Received) => number | 'hang'): void
  close(): Promise<void>
}

const VERIFY_TOKEN = 'verify-me-please'

/** Answers the handshake of `verifyToken` and takes every delivery. */
export async function startReceiver(verifyToken = VERIFY_TOKEN): Promise<Receiver> {
  const received: Received[] = []
  let decide: (received: Received) => number | 'hang' = () => 200
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://receiver')
    if (request.method === 'GET') {
      const isRight = url.searchParams.get('hub.mode') === 'subscribe' && url.searchParams.get('hub.verify_token') === verifyToken
      response.writeHead(isRight ? 200 : 403).end(isRight ? url.searchParams.get('hub.challenge') : 'no')
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { body: Buffer.concat(chunks).toString('latin1'), headers: request.headers }
      received.push(one)
      const status = decide(one)
      if (status !== 'hang') response.writeHead(status).end('EVENT_RECEIVED')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    received,
    elements: () =>
      received.flatMap(({ body }) => JSON.parse(body).entry.flatMap((entry: { messaging: object[] }) => entry.messaging)),
    answerWith: (next) => {
      decide = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const isSigned = ({ body, headers }: Received, appSecret: string): boolean =>
  headers['x-hub-signature-256'] === `sha256=${createHmac('sha256', appSecret).update(body, 'latin1').digest('hex')}`

// biome-ignore lint/suspicious/noExplicitAny: answers of the sandbox are read field by field in tests
export type Json = any

export interface Reply {
  status: number
  body: Json
}

export async function call(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body ?? {}),
  })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: text }
  }
}

/** Asks the driver. @throws Error with the problem when it refuses. */
export async function drive(sandboxUrl: string, method: string, path: string, body?: unknown): Promise<Json> {
  const reply = await call(method, `${sandboxUrl}/driver${path}`, body)
  if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
  return reply.body
}

/** Polls until `probe` gives something. @throws Error after `patienceMs`. */
export async function until<T>(probe: () => T | Promise<T>, patienceMs = 10_000): Promise<NonNullable<T>> {
  const end = Date.now() + patienceMs
  for (;;) {
    const found = await probe()
    if (found) return found
    if (Date.now() > end) throw new Error(`Nothing came within ${patienceMs} ms: ${probe}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** An account that listens to `receiver`, and a person who has written to it, with short ways to act for both. */
export function scene(sandboxUrl: () => string, receiver: () => Receiver) {
  const driver = (method: string, path: string, body?: unknown): Promise<Json> => drive(sandboxUrl(), method, path, body)

  async function shop(more: object = {}): Promise<Json> {
    const account = await driver('POST', '/accounts', { verifyToken: VERIFY_TOKEN, ...more })
    return driver('POST', `/accounts/${account.igId}/subscription`, { callbackUrl: receiver().url })
  }

  async function meeting(more: object = {}) {
    const account = await shop(more)
    const mia = await driver('POST', '/people', { username: 'mia.r', name: 'Mia', email: 'mia@example.org' })
    const thread = `/people/${mia.id}/threads/${account.igId}`
    const { igsid } = await driver('POST', `${thread}/messages`, { text: 'hi' })
    const bearer = { Authorization: `Bearer ${account.accessToken}` }
    const say = (message: object, extra: object = {}) =>
      call('POST', `${account.graphUrl}/v26.0/me/messages`, { recipient: { id: igsid }, message, ...extra }, bearer)
    const graph = (path: string) => call('GET', `${account.graphUrl}/v26.0${path}`, undefined, bearer)
    const idle = () => driver('GET', `/idle?igId=${account.igId}`)
    const see = () => driver('GET', thread)
    return { account, mia, thread, igsid, bearer, say, graph, idle, see }
  }

  return { driver, shop, meeting }
}
