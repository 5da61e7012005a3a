import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { callGraph } from './graph-client'
import { readProfile } from './profile'
import { sendMessage } from './send'

let server: Server | undefined
afterEach(() => new Promise<void>((done) => (server ? server.close(() => done()) && server.closeAllConnections() : done())))

async function graph(listener: RequestListener) {
  const listening = createServer(listener)
  server = listening
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done))
  return {
    graphUrl: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    version: 'v26.0',
    node: 'me',
    token: 'T0KEN',
  }
}
const get = { method: 'GET', path: 'me' } as const

it('asks the versioned path with the token in a header, and never in the address', async () => {
  const seen: string[] = []
  const endpoint = await graph((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.end('{"id":17841400000000011}')
  })
  expect(await callGraph({ ...endpoint, ...get, query: { fields: 'id,name' } })).toEqual({
    ok: true,
    body: { id: '17841400000000011' },
  })
  expect(seen).toEqual(['GET /v26.0/me?fields=id%2Cname Bearer T0KEN'])
})

it('waits as long as the headers ask', async () => {
  const endpoint = await graph((_, response) => {
    response.setHeader('x-business-use-case-usage', '{"1":[{"type":"instagram","estimated_time_to_regain_access":7}]}')
    response.writeHead(400).end('{"error":{"message":"slow down","code":80002,"error_subcode":1}}')
  })
  expect(await callGraph({ ...endpoint, ...get })).toMatchObject({ ok: false, outcome: 'wait', waitMs: 7 * 60_000, code: 80002 })
})

it('is unsure when the connection breaks, the answer hangs, is cut short or is not JSON', async () => {
  const listeners: RequestListener[] = [
    (request) => request.socket.destroy(),
    () => {},
    (_, response) => response.writeHead(200, { 'content-length': '100' }).write('{"mess', () => response.destroy()),
    (_, response) => response.end('<html>'),
    (_, response) => response.writeHead(502).end('bad gateway'),
  ]
  for (const listener of listeners) {
    const endpoint = await graph(listener)
    expect(await callGraph({ ...endpoint, ...get, method: 'POST', body: {}, timeoutMs: 150 })).toMatchObject({
      ok: false,
      outcome: 'unsure',
    })
    server?.closeAllConnections()
    server?.close()
  }
})

it('knows that nothing was sent when nobody listens', async () => {
  const endpoint = await graph(() => {})
  await new Promise<void>((done) => server?.close(() => done()))
  expect(await callGraph({ ...endpoint, ...get, method: 'POST', body: {} })).toMatchObject({ ok: false, outcome: 'wait' })
})

it('sends text with chips, tags a person’s late words, and is unsure of an answer without an id', async () => {
  const bodies: unknown[] = []
  const endpoint = await graph(async (request, response) => {
    bodies.push(JSON.parse(Buffer.concat(await request.toArray()).toString()))
    response.end(bodies.length === 1 ? '{"recipient_id":"S","message_id":"mid-1"}' : '{"recipient_id":"S"}')
  })
  const chips = [{ type: 'text' as const, title: 'Blue', payload: 'P' }, { type: 'email' as const }]
  expect(await sendMessage(endpoint, 'S', { type: 'text', text: 'Which?', chips }, 'response')).toEqual({
    outcome: 'sent',
    mid: 'mid-1',
  })
  expect(await sendMessage(endpoint, 'S', { type: 'image', url: 'https://x/y.png' }, 'human-agent')).toMatchObject({
    outcome: 'unsure',
  })
  expect(bodies).toEqual([
    {
      recipient: { id: 'S' },
      messaging_type: 'RESPONSE',
      message: {
        text: 'Which?',
        quick_replies: [{ content_type: 'text', title: 'Blue', payload: 'P' }, { content_type: 'user_email' }],
      },
    },
    {
      recipient: { id: 'S' },
      messaging_type: 'MESSAGE_TAG',
      tag: 'HUMAN_AGENT',
      message: { attachment: { type: 'image', payload: { url: 'https://x/y.png' } } },
    },
  ])
})

it('heeds advice to wait, but for a day at most', async () => {
  const endpoint = await graph((_, response) => {
    response.writeHead(429, { 'retry-after': '1e300' }).end('{}')
  })
  expect(await callGraph({ ...endpoint, ...get })).toMatchObject({ outcome: 'wait', waitMs: 86_400_000 })
})

it('reads names that Postgres cannot store as something it can', async () => {
  const endpoint = await graph((_, response) => void response.end('{"name":"A\\u0000na \\ud83d","username":null}'))
  expect(await readProfile(endpoint, 'S')).toEqual({ ok: true, name: 'A\ufffdna \ufffd', username: null })
})
