import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { readEnv } from '@/lib/env'
import { startWorker } from './main'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const offset = async () => (await database.sql`select offset_ms from app_clock`)[0]?.offset_ms
const env = (sandbox: 'on' | 'off') =>
  readEnv({ DATABASE_URL: database.url, ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'), SANDBOX: sandbox })

it('leaves the clock that the sandbox moved alone, and sets it right when the sandbox is off', async () => {
  const { sql } = database
  await sql`update app_clock set offset_ms = 86400000`
  await sql`
    insert into timer (account_id, igsid, timer_id, workspace_id, generation, due)
    values ('1', 'S', 't', gen_random_uuid(), 1, app_now() + interval '1 hour')`
  for (const [sandbox, expected] of [
    ['on', '86400000'],
    ['off', '0'],
  ] as const) {
    const worker = await startWorker(env(sandbox))
    await worker.stop()
    expect(String(await offset())).toBe(expected)
    // An hour away by the clock that counts, before and after.
    expect(await sql`select 1 from timer where due - app_now() between interval '55 minutes' and interval '1 hour'`).toHaveLength(
      1,
    )
  }
})

it('tells that it lives, and that it has gone', async () => {
  const beats = () => database.sql`select 1 from worker_heartbeat`
  const worker = await startWorker(env('on'))
  await expect.poll(beats).toHaveLength(1)
  await worker.stop()
  expect(await beats()).toHaveLength(0)
})
