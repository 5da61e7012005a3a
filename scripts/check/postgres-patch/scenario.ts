/**
 * node scenario.ts <index.js of a copy of postgres.js> <scenario>
 *
 * Runs one way of losing a connection against a fake server. Exit 0: the driver behaved; 1: it crashed or misbehaved, the
 * reason on stderr; 3: it hung. A process of its own, because the faults escape every `catch`.
 */
import assert from 'node:assert/strict'
import net from 'node:net'
import { pathToFileURL } from 'node:url'
import type Postgres from 'postgres'
import { startFakeServer } from './fake-server.ts'

const HANG_MS = 4_000

const [entry, name] = process.argv.slice(2)
assert(entry && name, 'usage: scenario.ts <index.js> <scenario>')
const postgres: typeof Postgres = (await import(pathToFileURL(entry).href)).default
const server = await startFakeServer()

let closings = 0
let hears = () => {}
let current: net.Socket | undefined
/** The driver gets its next socket when this has resolved. */
let gate = Promise.resolve()

/** Resolves when the driver has seen its connection close. */
const nextClose = () => {
  const before = closings
  return new Promise<void>((resolve) => {
    hears = () => closings > before && resolve()
  })
}

/** The cast: the types of the package leave `socket` out. */
const connect = (options: Record<string, unknown> = {}) =>
  postgres({
    max: 1,
    username: 'fake',
    database: 'fake',
    fetch_types: false,
    connect_timeout: 1,
    backoff: 0,
    onclose: () => {
      closings += 1
      hears()
    },
    // The driver's own option for a socket made by others, so that a scenario can hold on to it.
    socket: async () => {
      await gate
      const socket = net.connect(server.port, '127.0.0.1')
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      current = socket
      return socket
    },
    ...options,
  } as unknown as Postgres.Options<Record<string, never>>)

/** The code a promise is rejected with; anything else is a failure. */
const codeOf = (work: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(work).then(
    () => assert.fail('resolved, though its connection was lost'),
    (error: { code?: string }) => error.code ?? String(error),
  )

const scenarios: Record<string, () => Promise<void>> = {
  /** porsager/postgres #1066, #1154, #1208: `nextWrite` on a null socket throws where nobody can catch it. */
  async 'a write after the close'() {
    server.isPasswordAsked = true
    let open = () => {}
    const sql = connect({
      pass: async () => {
        const closed = new Promise((resolve) => current?.once('close', resolve))
        gate = new Promise((resolve) => {
          open = resolve
        })
        server.hangUp()
        await closed
        return 'late'
      },
    })
    assert.equal(await codeOf(sql.unsafe('select 1')), 'CONNECTION_CLOSED')
    open()
    await sql.unsafe('select 2')
    await sql.end()
  },

  async 'a cursor that goes on after the close'() {
    const sql = connect()
    server.answer = (statement) => (statement.includes('suspended') ? 'suspend' : 'done')
    const reading = sql`select 'suspended'`.cursor(1, async () => {
      const closed = nextClose()
      server.hangUp()
      await closed
    })
    assert.equal(await codeOf(reading), 'CONNECTION_CLOSED')
    await sql.unsafe('select 2')
    await sql.end()
  },

  async 'a statement of a transaction after the close'() {
    const sql = connect()
    let code = ''
    const transaction = sql.begin(async (tx) => {
      await tx.unsafe('select 1')
      const closed = nextClose()
      server.hangUp()
      await closed
      code = await codeOf(tx.unsafe('select 2'))
    })
    assert.equal(await codeOf(transaction), 'CONNECTION_CLOSED')
    await sql.unsafe('select 3')
    assert.equal(code, 'CONNECTION_CLOSED')
    await sql.end()
  },

  /** The write is scheduled, then called off by the close, and its timer kept: no later write is ever scheduled. */
  async 'a close before a scheduled write'() {
    const sql = connect()
    await sql.unsafe('select 1')
    const closed = nextClose()
    // Node runs immediates before it closes handles: the write of a statement said here is due in the round after the close.
    await new Promise(setImmediate)
    current?.destroy()
    const lost = sql.unsafe('select 2').execute()
    assert.equal(await codeOf(lost), 'CONNECTION_CLOSED')
    await closed
    await sql.unsafe('select 3')
    assert.deepEqual(
      server.heard.map((heard) => heard.text),
      ['select 1', 'select 3'],
    )
    await sql.end()
  },

  /** porsager/postgres #1216: what a dead transaction still says runs on the next connection, outside any transaction. */
  async 'a dead transaction and a new connection'() {
    const sql = connect()
    const transaction = sql.begin(async (tx) => {
      await tx.unsafe('select 1')
      const waiting = sql.unsafe('select 2')
      const closed = nextClose()
      const served = waiting.execute()
      server.hangUp()
      await closed
      await served
      await tx.unsafe('insert')
    })
    assert.equal(await codeOf(transaction), 'CONNECTION_CLOSED')
    await sql.unsafe('select 3')
    const escaped = server.heard.filter((heard) => heard.connection > 1).map((heard) => heard.text)
    assert.deepEqual(escaped, ['select 2', 'select 3'], 'a statement left its transaction')
    await sql.end()
  },

  /** porsager/postgres #1186: a transaction's own queue was never told that the connection is gone. */
  async 'statements queued inside a transaction'() {
    const sql = connect({ max_pipeline: 1 })
    server.answer = (statement) => (statement.includes('slow') ? 'silence' : 'done')
    const codes: Promise<string>[] = []
    const transaction = sql.begin(async (tx) => {
      codes.push(codeOf(tx`select 'slow', ${'a'}::text`), codeOf(tx`select 'queued', ${'b'}::text`))
      while (!server.heard.some((heard) => heard.text.includes('slow'))) await new Promise(setImmediate)
      server.hangUp()
      await Promise.all(codes)
    })
    assert.equal(await codeOf(transaction), 'CONNECTION_CLOSED')
    assert.deepEqual(await Promise.all(codes), ['CONNECTION_CLOSED', 'CONNECTION_CLOSED'])
    await sql.end()
  },

  /** porsager/postgres #1142: `end()` waits for a query whose connection is gone. */
  async 'an end while a connection is lost'() {
    const sql = connect()
    server.answer = (statement) => (statement.includes('slow') ? 'silence' : 'done')
    const slow = codeOf(sql.unsafe("select 'slow'"))
    while (server.heard.length === 0) await new Promise(setImmediate)
    const ended = sql.end()
    await new Promise(setImmediate)
    server.hangUp()
    assert.equal(await slow, 'CONNECTION_CLOSED')
    await ended
  },

  /** The words of the old backend, "terminating connection", were held back and became the next query's error. */
  async "the old backend's last words"() {
    const sql = connect()
    server.answer = (statement) => (statement.includes('doomed') ? 'terminate' : 'done')
    assert.equal(await codeOf(sql.unsafe("select 'doomed'")), 'CONNECTION_CLOSED')
    await sql.unsafe('select 1')
    await sql.end()
  },

  /** A reset while the driver asks for the array types on its own behalf: a rejection that nobody awaits ends the process. */
  async 'a reset while types are fetched'() {
    const sql = connect({ fetch_types: true })
    let isFirst = true
    server.answer = (statement) => {
      if (!isFirst || !statement.includes('pg_type')) return 'done'
      isFirst = false
      current?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
      return 'silence'
    }
    assert.equal(await codeOf(sql.unsafe('select 1')), 'ECONNRESET')
    await sql.unsafe('select 2')
    await sql.end()
  },
}

const run = scenarios[name]
assert(run, `no such scenario: ${name}`)
setTimeout(() => {
  process.stderr.write(`hung: ${name}\n`)
  process.exit(3)
}, HANG_MS)
await run()
process.exit(0)
