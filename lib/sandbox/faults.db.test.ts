import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { type Sandbox, startSandbox } from './main'
import { call, drive, type Json, until } from './testing'

let database: FreshDatabase
let sandbox: Sandbox
let account: Json
let thread: string
let igsid: string

beforeAll(async () => {
  database = await freshDatabase()
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
})
afterAll(async () => {
  await sandbox.stop()
  await database.close()
})
beforeEach(async () => {
  await driver('POST', '/reset')
  account = await driver('POST', '/accounts', { settings: { conversationsPerSecond: 1000 } })
  const { id } = await driver('POST', '/people', {})
  thread = `/people/${id}/threads/${account.igId}`
  igsid = (await driver('POST', `${thread}/messages`, { text: 'hi' })).igsid
})

const driver = (method: string, path: string, body?: unknown) => drive(sandbox.url, method, path, body)
const fault = (body: object) => driver('POST', `/accounts/${account.igId}/faults`, body)
const heard = async (): Promise<string[]> =>
  (await driver('GET', thread)).messages.filter((one: Json) => one.from === 'account').map((one: Json) => one.text)

async function say(text: string, timeoutMs = 10_000): Promise<{ status: number; body: Json } | 'cut' | 'timeout'> {
  try {
    const response = await fetch(`${account.graphUrl}/v26.0/me/messages`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${account.accessToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ recipient: { id: igsid }, message: { text } }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'timeout' : 'cut'
  }
}

describe('faults of sends', () => {
  it('error: told as wished, not applied', async () => {
    await fault({
      kind: 'error',
      status: 503,
      code: 2,
      subcode: 1545133,
      message: 'Service temporarily unavailable',
      is_transient: true,
    })
    const error = { code: 2, error_subcode: 1545133, message: 'Service temporarily unavailable', is_transient: true }
    expect(await say('x')).toMatchObject({ status: 503, body: { error } })
    expect(await heard()).toEqual([])
    expect(await say('y')).toMatchObject({ status: 200 })
    expect(await heard()).toEqual(['y'])
  })

  it('error, applied: refused and delivered all the same', async () => {
    await fault({ kind: 'error', code: 1, subcode: 1357046, applied: true })
    expect(await say('x')).toMatchObject({ status: 500, body: { error: { code: 1, error_subcode: 1357046 } } })
    expect(await heard()).toEqual(['x'])
  })

  it('cut before and after', async () => {
    await fault({ kind: 'cut-before' })
    await fault({ kind: 'cut-after' })
    expect(await say('lost')).toBe('cut')
    expect(await heard()).toEqual([])
    expect(await say('kept')).toBe('cut')
    expect(await heard()).toEqual(['kept'])
    const { calls } = await driver('GET', `/calls?igId=${account.igId}`)
    expect(calls.map((one: Json) => [one.fault, one.status, one.mid !== null])).toEqual([
      ['cut-before', null, false],
      ['cut-after', null, true],
    ])
    expect(JSON.parse(calls[1].body).message.text).toBe('kept')
  })

  it('hang, applied or not', async () => {
    await fault({ kind: 'hang', ms: 60_000 })
    expect(await say('lost', 200)).toBe('timeout')
    expect(await heard()).toEqual([])
    await fault({ kind: 'hang', ms: 60_000, applied: true })
    expect(await say('kept', 200)).toBe('timeout')
    expect(await heard()).toEqual(['kept'])
    await fault({ kind: 'hang', ms: 50, applied: true })
    expect(await say('slow')).toMatchObject({ status: 200 })
  })

  it('late-accept: the caller hears nothing, she gets it later', async () => {
    await fault({ kind: 'late-accept', ms: 600 })
    expect(await say('late', 150)).toBe('timeout')
    expect(await heard()).toEqual([])
    await until(async () => (await heard()).includes('late'))
  })

  it('latency: slow and right', async () => {
    await fault({ kind: 'latency', ms: 150 })
    const began = Date.now()
    expect(await say('x')).toMatchObject({ status: 200 })
    expect(Date.now() - began).toBeGreaterThanOrEqual(145)
  })

  it('strikes as often as told, only what matches, oldest first', async () => {
    await fault({ kind: 'error', code: 613, text: 'bad', times: 2 })
    await fault({ kind: 'error', code: 4, recipient: '1', times: 'always' })
    expect(await say('good')).toMatchObject({ status: 200 })
    expect(await say('bad 1')).toMatchObject({ body: { error: { code: 613 } } })
    expect(await say('bad 2')).toMatchObject({ body: { error: { code: 613 } } })
    expect(await say('bad 3')).toMatchObject({ status: 200 })
    await fault({ kind: 'off', times: 'always' })
    for (let n = 0; n < 3; n += 1)
      expect(await say('x')).toMatchObject({ status: 500, body: { error: { code: 2, is_transient: true } } })
    expect((await driver('GET', `/accounts/${account.igId}/faults`)).faults).toHaveLength(2)
    await driver('DELETE', `/accounts/${account.igId}/faults`)
    expect(await say('x')).toMatchObject({ status: 200 })
  })
})

it('faults of look-ups leave sends alone', async () => {
  await fault({ kind: 'off', on: 'conversations', times: 'always' })
  const look = (path: string) =>
    call('GET', `${account.graphUrl}${path}`, undefined, { Authorization: `Bearer ${account.accessToken}` })
  const sent = await say('x')
  expect(sent).toMatchObject({ status: 200 })
  expect((await look('/me/conversations')).status).toBe(500)
  expect((await look(`/${(sent as { body: Json }).body.message_id}`)).status).toBe(500)
  expect((await look('/me')).status).toBe(200)
  expect((await look(`/${igsid}`)).status).toBe(200)
})

it('answers over 200 sends a second', async () => {
  await driver('PATCH', `/accounts/${account.igId}/settings`, { textPerSecond: 100_000 })
  const began = Date.now()
  let sent = 0
  const sender = async () => {
    while (Date.now() - began < 2000) {
      expect(await say('again and again')).toMatchObject({ status: 200 })
      sent += 1
    }
  }
  await Promise.all(Array.from({ length: 16 }, sender))
  expect(sent / ((Date.now() - began) / 1000)).toBeGreaterThan(200)
  expect(await heard()).toHaveLength(sent)
}, 30_000)

describe('the database', () => {
  it('holds one sandbox at a time', async () => {
    const second = startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
    await expect(second).rejects.toThrow(/Another sandbox/)
  }, 30_000)

  it('may lose every connection: nothing that was answered is lost', async () => {
    const killer = postgres(database.url, { max: 1 })
    const told: string[] = []
    for (let n = 0; n < 30; n += 1) {
      const reply = await say(`n${n}`)
      if (typeof reply === 'object' && reply.status === 200) told.push(`n${n}`)
      if (n % 10 === 5) {
        await killer`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name like 'parley sandbox%'`
      }
    }
    // Nor is the lock that keeps a second sandbox out.
    await until(async () => (await killer`select 1 from pg_locks where locktype = 'advisory' and granted`).length === 1)
    await killer.end()
    expect(told.length).toBe(30)
    await sandbox.stop()
    sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
    expect(await heard()).toEqual(told)
  }, 60_000)

  it('may be empty: alone, the sandbox keeps its own clock', async () => {
    const admin = postgres(database.url, { max: 1 })
    await admin`alter table app_clock rename to app_clock_away`
    try {
      await sandbox.stop()
      sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
      const before = await driver('GET', '/clock')
      const after = await driver('POST', '/clock', { advanceMs: 3_600_000 })
      expect(after.offsetMs - before.offsetMs).toBe(3_600_000)
      await driver('POST', '/clock/reset')
    } finally {
      await admin`alter table app_clock_away rename to app_clock`
      await admin.end()
    }
  })
})
