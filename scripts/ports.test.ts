import { createServer, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { isLoopback, type ReservedPort, reservePort } from './ports.ts'

const host = '127.0.0.1'
const open: { release(): Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.release()
})

async function reserved(given: number | null, from = 3000): Promise<ReservedPort> {
  const port = await reservePort({ name: 'PORT', given, from, host })
  open.push(port)
  return port
}

it('takes exactly the port that was given, and says so when it is taken', async () => {
  const { port } = await reserved(0)
  await expect(reserved(port)).rejects.toThrow(
    `PORT is wrong: port ${port} is taken on 127.0.0.1. Choose another one, or unset it to use a free one.`,
  )
})

it('takes the next free one when none was given', async () => {
  const first = await reserved(null, 41_000)
  const second = await reserved(null, first.port)
  expect(second.port).toBeGreaterThan(first.port)
})

it('waits for a port that is about to be left, and no longer than it may', async () => {
  const first = await reserved(null, 42_000)
  const waiting = reservePort({ name: 'PORT', given: null, from: first.port, host, patienceMs: 20_000 })
  await first.release()
  open.splice(open.indexOf(first), 1)
  const second = await waiting
  open.push(second)
  expect(second.port).toBe(first.port)
  const third = await reservePort({ name: 'PORT', given: null, from: first.port, host, patienceMs: 100 })
  open.push(third)
  expect(third.port).toBeGreaterThan(first.port)
})

it('keeps the port until it is released', async () => {
  const { port, release } = await reserved(0)
  const listen = () =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen(port, host, () => resolve(server))
    })
  await expect(listen()).rejects.toThrow('EADDRINUSE')
  await release()
  const server = await listen()
  await new Promise((resolve) => server.close(resolve))
})

it('names HOST when the address is not of this machine', async () => {
  await expect(reservePort({ name: 'PORT', given: null, from: 3000, host: '192.0.2.1' })).rejects.toThrow(
    /^HOST is wrong: 192\.0\.2\.1/,
  )
})

it.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['127.evil.example', false],
  ['parley.example', false],
])('%s is loopback: %s', (name, expected) => {
  expect(isLoopback(name)).toBe(expected)
})
