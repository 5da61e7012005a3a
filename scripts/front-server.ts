import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { log, reasonOf } from '@/lib/log'
import type { WebhookAnswer, WebhookRequest } from '@/lib/runtime/webhook-door'

const WEBHOOK = /^\/api\/webhooks\/instagram(\/[^/?]+)?\/?(\?|$)/
/** Longer than the usual reverse proxy keeps an idle connection: the proxy closes first, so no request meets a closing one. */
const KEEP_ALIVE_MS = 75_000
const SWEEP_MS = 50

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface FrontServerOptions {
  /** Answers Meta's callback. Null: Next's own route of the same function does. */
  door: ((request: WebhookRequest) => Promise<WebhookAnswer>) | null
  maxBytes: number
}

export interface FrontServer {
  server: Server
  /** Resolves when the port is ours; until `hand` it is only the door that answers. */
  listen(port: number, host: string): Promise<void>
  /** Everything but the door goes to this handler from now on. */
  hand(handler: Handler): void
  /** Accepts nothing more, finishes what is under way, closes what is idle. */
  drain(): Promise<void>
}

/**
 * The whole body, or null as soon as it is longer than `limit`: what comes after is neither kept nor read.
 * @throws when the other side goes away in the middle.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size > limit) {
        request.pause()
        request.removeAllListeners('data')
        resolve(null)
      } else parts.push(part)
    })
    request.once('end', () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, size)))
    request.once('error', reject)
  })
}

/** Next throws at `*` and at a path whose percent signs spell nothing, and answers 500. */
function isReadable(url: string): boolean {
  try {
    decodeURIComponent(url.split('?')[0] ?? '')
    return url.startsWith('/') || URL.canParse(url)
  } catch {
    return false
  }
}

/** One server in front of Next: Meta's callback is answered here, because a route of Next's costs ten times as much. */
export function createFrontServer({ door, maxBytes }: FrontServerOptions): FrontServer {
  let isDraining = false
  let handler: Handler | null = null

  const answerDoor = async (open: NonNullable<typeof door>, request: IncomingMessage, response: ServerResponse) => {
    const body = request.method === 'POST' ? await readBody(request, maxBytes) : new Uint8Array()
    const signature = request.headers['x-hub-signature-256']
    const answer = await open({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      signature: typeof signature === 'string' ? signature : null,
      body,
    })
    // The rest of a body that is too long is still on its way: this connection cannot carry another request.
    if (body === null || isDraining) response.setHeader('connection', 'close')
    response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) })
    response.end(request.method === 'HEAD' ? undefined : answer.body)
  }

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (isDraining) response.setHeader('connection', 'close')
    if (!isReadable(request.url ?? '/')) {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('The address cannot be read.')
      return
    }
    const answered = door && WEBHOOK.test(request.url ?? '') ? answerDoor(door, request, response) : handler?.(request, response)
    if (!answered) {
      response.writeHead(503, { 'retry-after': '1' }).end()
      return
    }
    answered.catch((error: unknown) => {
      // Whoever hung up in the middle is owed no answer, and no line in the log.
      if (request.destroyed && !request.complete) return
      log.error('request-failed', { path: request.url?.split('?')[0], reason: reasonOf(error) })
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  })

  return {
    server,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host, backlog: 2048 }, () => {
          server.removeListener('error', reject)
          resolve()
        })
      }),
    hand(next) {
      handler = next
    },
    async drain() {
      isDraining = true
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      // A connection becomes idle when its answer is out.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
      await closed
      clearInterval(sweep)
    },
  }
}
