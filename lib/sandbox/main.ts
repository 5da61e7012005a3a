import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { log, reasonOf } from '@/lib/log'
import { openClock } from './clock'
import type { Context } from './context'
import { openDeliveries } from './deliveries'
import { answerDriver } from './driver'
import { answerGraph } from './graph'
import { type Answer, isLoopbackHost, json, readBody, send } from './http'
import { openStore } from './store'
import { openWorld } from './world'

export interface SandboxOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  databaseUrl: string
  /** Of the sandbox's own app: what new accounts sign webhooks and shake hands with. When absent, each gets its own. */
  appSecret?: string
  verifyToken?: string
}

export interface Sandbox {
  /** Our address, without a slash at the end. */
  url: string
  stop(): Promise<void>
}

const CDN = '/lookaside.fbsbx.com/ig_messaging_cdn'

/** A picture a person sent: 404 with a wrong signature, 410 after she took it back. */
function answerMedia(context: Context, url: URL): Answer {
  const media = context.world.media.get(url.searchParams.get('asset_id') ?? '')
  if (!media || media.signature !== url.searchParams.get('signature')) return { status: 404, body: 'URL signature mismatch' }
  if (media.isGone) return { status: 410, body: 'Gone' }
  return { status: 200, body: Buffer.from(media.base64, 'base64'), contentType: media.contentType }
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<Answer | null> {
  if (!isLoopbackHost(request.headers.host)) {
    return { status: 421, body: 'The sandbox answers to this machine only: use http://127.0.0.1 or http://localhost.' }
  }
  const url = new URL(request.url ?? '/', context.url)
  const body = await readBody(request)
  if (body === null) return { status: 413, body: 'The body is over 16 MiB.' }
  const graph = /^\/graph\.(instagram|facebook)\.com\//.exec(url.pathname)
  if (graph) {
    const callerLeft = new Promise<void>((resolve) => response.once('close', resolve))
    return answerGraph(context, graph[1] as 'instagram' | 'facebook', url, request, body, callerLeft)
  }
  if (url.pathname === '/driver' || url.pathname.startsWith('/driver/')) return answerDriver(context, url, request, body)
  if (url.pathname.startsWith(CDN)) return answerMedia(context, url)
  if (url.pathname === '/health') return json({ status: 'ok' })
  if (url.pathname === '/')
    return { status: 200, body: 'The sandbox: a local Instagram. GET /driver lists what it can be asked.' }
  return { status: 404, body: 'Nothing here; GET /driver lists what the sandbox can be asked.' }
}

/**
 * Starts the local Instagram on its own schema of this database.
 * @throws Error when another sandbox runs on the database, the port is taken or the database does not answer.
 */
export async function startSandbox({ host, port, databaseUrl, ...app }: SandboxOptions): Promise<Sandbox> {
  const store = await openStore(databaseUrl)
  const pauses = new Set<() => void>()
  let isStopping = false

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (isStopping) return resolve()
      const go = () => {
        clearTimeout(timer)
        pauses.delete(go)
        resolve()
      }
      const timer = setTimeout(go, ms)
      pauses.add(go)
    })

  try {
    const clock = await openClock(store.sql)
    const world = await openWorld(store)

    const deliveries = await openDeliveries(store, world, clock)
    const context: Context = { store, clock, world, deliveries, url: '', rates: new Map(), pause, app }

    const server = createServer((request, response) => {
      answer(context, request, response)
        .then((result) => (result === null ? response.socket?.destroy() : send(response, result)))
        .catch((error) => {
          log.warn('sandbox.request', { reason: reasonOf(error) })
          if (response.headersSent) response.destroy()
          else send(response, { status: 400, body: 'The request could not be read.' })
        })
    })
    server.keepAliveTimeout = 60_000
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    const address = server.address() as AddressInfo
    // An address that means "all" is not one to call.
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    const url = `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`
    context.url = url
    log.info('sandbox.started', { url })

    return {
      url,
      async stop() {
        if (isStopping) return
        isStopping = true
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        for (const go of [...pauses]) go()
        await deliveries.stop()
        server.closeAllConnections()
        await closed
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
