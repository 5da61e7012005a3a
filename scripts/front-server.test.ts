import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import type { WebhookAnswer, WebhookRequest } from '@/lib/runtime/webhook-door'
import { createFrontServer, type FrontServer } from './front-server'

const LIMIT = 64 * 1024
let front: FrontServer
let seen: WebhookRequest[]
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  front.server.closeAllConnections()
  if (front.server.listening) await front.drain()
})

async function start(answer: (request: WebhookRequest) => Promise<WebhookAnswer>, { hasDoor = true } = {}): Promise<string> {
  seen = []
  const door = (request: WebhookRequest) => {
    seen.push(request)
    return answer(request)
  }
  front = createFrontServer({ door: hasDoor ? door : null, maxBytes: LIMIT })
  await front.listen(0, '127.0.0.1')
  return `http://127.0.0.1:${(front.server.address() as AddressInfo).port}`
}

const echo = async ({ body }: WebhookRequest): Promise<WebhookAnswer> => ({
  status: body === null ? 413 : 200,
  body: body === null ? 'too long' : `${body.length}`,
  headers: { 'content-type': 'text/plain' },
})

/** A connection by hand, for what `fetch` does not do. */
function open(url: string): { socket: Socket; heard: () => string; isClosed: () => boolean } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  sockets.push(socket)
  let heard = ''
  let closed = false
  socket.on('data', (part) => {
    heard += part.toString()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  return { socket, heard: () => heard, isClosed: () => closed }
}

const eventually = (claim: () => void) => vi.waitFor(claim, { timeout: 10_000, interval: 5 })

it('answers a path that spells nothing by itself: Next would call it an error of ours', async () => {
  const url = await start(echo)
  front.hand(async (_request, response) => void response.end('Next'))
  expect((await fetch(`${url}/flows/%ff`)).status).toBe(400)
  expect(await (await fetch(`${url}/flows/%C3%A9?q=%ff`)).text()).toBe('Next')
  const { socket, heard } = open(url)
  socket.write('OPTIONS * HTTP/1.1\r\nhost: here\r\n\r\n')
  await eventually(() => expect(heard()).toMatch(/^HTTP\/1.1 400/))
})

it('hands the door the very bytes, the signature, path and query', async () => {
  const url = await start(echo)
  const body = Buffer.from('{"a":"\\u00e4\\/"}')
  const response = await fetch(`${url}/api/webhooks/instagram/one?x=1`, {
    method: 'POST',
    body,
    headers: { 'x-hub-signature-256': 'sha256=00' },
  })
  expect([response.status, await response.text()]).toEqual([200, String(body.length)])
  expect(seen).toMatchObject([{ method: 'POST', url: '/api/webhooks/instagram/one?x=1', signature: 'sha256=00' }])
  expect(Buffer.from(seen[0]!.body!).equals(body)).toBe(true)
})

it.each([
  ['/api/webhooks/instagram', true],
  ['/api/webhooks/instagram/', true],
  ['/api/webhooks/instagram?hub.mode=subscribe', true],
  ['/api/webhooks/instagram/6c9b0a5e', true],
  ['/api/webhooks/instagram/6c9b0a5e/more', false],
  ['/api/webhooks/instagrams', false],
  ['/x/api/webhooks/instagram', false],
])('%s is the door: %s', async (path, isDoor) => {
  const url = await start(echo)
  front.hand(async (_, response) => {
    response.writeHead(299).end()
  })
  expect((await fetch(url + path)).status).toBe(isDoor ? 200 : 299)
})

it('takes a body of exactly the limit, in pieces too', async () => {
  const url = `${await start(echo)}/api/webhooks/instagram`
  const whole = Buffer.alloc(LIMIT)
  expect(await (await fetch(url, { method: 'POST', body: whole })).text()).toBe(String(LIMIT))
  const pieces = new Blob([whole]).stream()
  expect(await (await fetch(url, { method: 'POST', body: pieces, duplex: 'half' } as RequestInit)).text()).toBe(String(LIMIT))
})

it('refuses a longer one by its declared length, before it is sent', async () => {
  const url = await start(echo)
  const { socket, heard, isClosed } = open(url)
  socket.write(`POST /api/webhooks/instagram HTTP/1.1\r\nHost: x\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`)
  await eventually(() => expect(heard()).toContain('413 Payload Too Large'))
  expect(heard().toLowerCase()).toContain('connection: close')
  await eventually(() => expect(isClosed()).toBe(true))
})

it('refuses one of no declared length as soon as it is too long, and reads no further', async () => {
  const url = await start(echo)
  const { socket, heard, isClosed } = open(url)
  socket.write('POST /api/webhooks/instagram HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const piece = Buffer.alloc(16 * 1024, 'a')
  const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
  for (let index = 0; index < 5; index++) socket.write(chunk)
  // The body is not over: the answer comes without its end.
  await eventually(() => expect(heard()).toContain('413 Payload Too Large'))
  await eventually(() => expect(isClosed()).toBe(true))
  expect(seen[0]?.body).toBeNull()
})

it('asks to come back while Next prepares, and answers the door already', async () => {
  const url = await start(echo)
  const early = await fetch(url)
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await fetch(`${url}/api/webhooks/instagram`)).status).toBe(200)
})

it('leaves the door to the handler when it has none', async () => {
  const url = await start(echo, { hasDoor: false })
  front.hand(async (_, response) => {
    response.writeHead(299).end()
  })
  expect((await fetch(`${url}/api/webhooks/instagram`)).status).toBe(299)
})

it('answers 500 and lives on when a handler fails', async () => {
  vi.stubEnv('LOG_LEVEL', 'silent')
  const url = await start(echo)
  front.hand(() => Promise.reject(new Error('by design')))
  const failed = await fetch(url)
  expect([failed.status, await failed.text()]).toEqual([500, ''])
  expect((await fetch(`${url}/api/webhooks/instagram`)).status).toBe(200)
  vi.unstubAllEnvs()
})

it('finishes what is under way before it stops, refuses what is new, and closes idle connections', async () => {
  let finish = () => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const url = await start(async (request) => {
    await held
    return echo(request)
  })
  front.hand(async (_, response) => {
    response.end('idle')
  })
  const idle = open(url)
  idle.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => expect(idle.heard()).toContain('idle'))
  const busy = fetch(`${url}/api/webhooks/instagram`, { method: 'POST', body: 'four' })
  await eventually(() => expect(seen).toHaveLength(1))
  let isDrained = false
  const drained = front.drain().then(() => {
    isDrained = true
  })
  await eventually(() => expect(idle.isClosed()).toBe(true))
  await expect(fetch(url)).rejects.toThrow()
  expect(isDrained).toBe(false)
  finish()
  const answer = await busy
  expect([answer.status, await answer.text(), answer.headers.get('connection')]).toEqual([200, '4', 'close'])
  await drained
})
