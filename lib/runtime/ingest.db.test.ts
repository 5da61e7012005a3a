import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openDatabase } from '@/lib/db/client'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { ingest } from './ingest'

const OWN = '17841400000000011'
const SHARED = '17841400000000022'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const { sql } = database
  const [workspace] = await sql`insert into workspace (name) values ('Bakery') returning id`
  for (const [account, secret] of [
    [OWN, 'sealed'],
    [SHARED, null],
  ]) {
    await sql`insert into account (id, workspace_id) values (${account as string}, ${workspace?.id})`
    await sql`
      insert into connection (workspace_id, account_id, route, node_id, token, app_secret)
      values (${workspace?.id}, ${account as string}, 'instagram', ${account as string}, 'sealed', ${secret as string | null})`
  }
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.sql`truncate lane, seen, inbound_event, message, delivery restart identity`
})

const element = (account: string, igsid: string, mid: string) => ({
  sender: { id: igsid },
  recipient: { id: account },
  timestamp: 1_780_000_000_000,
  message: { mid, text: mid },
})
const body = (account: string, ...messaging: unknown[]) =>
  new TextEncoder().encode(JSON.stringify({ object: 'instagram', entry: [{ id: account, time: 1, messaging }] }))
const count = async (table: string) => Number((await database.sql`select count(*) from ${database.sql(table)}`)[0]?.count)

it('takes the same delivery in once, also when it comes ten times at the same moment', async () => {
  const bytes = body(
    SHARED,
    element(SHARED, 'A', 'm1'),
    element(SHARED, 'B', 'm2'),
    element(SHARED, 'A', 'm3'),
    element(SHARED, 'A', 'm1'),
  )
  await Promise.all(Array.from({ length: 10 }, () => ingest(database.sql, bytes, null)))
  const events = await database.sql<
    { igsid: string; mid: string }[]
  >`select igsid, payload ->> 'mid' as mid from inbound_event order by id`
  expect([...events]).toEqual([
    { igsid: 'A', mid: 'm1' },
    { igsid: 'B', mid: 'm2' },
    { igsid: 'A', mid: 'm3' },
  ])
  expect(await count('message')).toBe(3)
  expect(await database.sql`select igsid from lane where run_at <= app_now()`).toHaveLength(2)
})

it('does not show what a person has taken back before it even arrived', async () => {
  const unsent = { ...element(SHARED, 'A', 'm1'), message: { mid: 'm1', is_deleted: true } }
  await ingest(database.sql, body(SHARED, unsent), null)
  await ingest(database.sql, body(SHARED, element(SHARED, 'A', 'm1'), element(SHARED, 'A', 'm2')), null)
  const rows = await database.sql<{ type: string }[]>`select content ->> 'type' as type from message order by seq`
  expect(rows.map(({ type }) => type)).toEqual(['unsent', 'heard'])
})

it('never deadlocks when many deliveries name the same people in other orders', async () => {
  const people = Array.from({ length: 12 }, (_, ix) => `P${ix}`)
  const deliveries = Array.from({ length: 40 }, (_, n) => {
    const order = n % 2 === 0 ? people : people.toReversed()
    return body(SHARED, ...order.map((igsid) => element(SHARED, igsid, `${igsid}.${n}`)))
  })
  await Promise.all(deliveries.map((bytes) => ingest(database.sql, bytes, null)))
  expect(await count('inbound_event')).toBe(40 * 12)
})

it('draws identities while the lane is locked: within a lane, what commits first comes first', async () => {
  const { sql, url } = database
  await ingest(sql, body(SHARED, element(SHARED, 'A', 'm0')), null)
  // A pool of its own: the driver may queue a query behind one that waits for the lock.
  const watcher = openDatabase(url, { max: 2, name: 'parley test watcher' })
  try {
    await watcher.sql
      .begin(async (tx) => {
        await tx`select 1 from lane where igsid = 'A' for update`
        const late = ingest(sql, body(SHARED, element(SHARED, 'A', 'm1')), null)
        await expect
          .poll(() => watcher.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
          .toHaveLength(1)
        // Another lane goes on meanwhile, and the identity of the one that waits is not drawn yet.
        const other = openDatabase(url, { max: 1, name: 'parley test other' })
        await ingest(other.sql, body(SHARED, element(SHARED, 'B', 'm2')), null)
        await other.close()
        return { late }
      })
      .then(({ late }) => late)
  } finally {
    await watcher.close()
  }
  const order = await sql<{ mid: string }[]>`select payload ->> 'mid' as mid from inbound_event order by id`
  expect(order.map(({ mid }) => mid)).toEqual(['m0', 'm2', 'm1'])
})

it('keeps a connection’s own door to its own account, and the common door to those without a secret', async () => {
  const both = (mid: string) => [element(OWN, 'A', mid), element(SHARED, 'A', mid)]
  for (const account of [OWN, SHARED]) {
    await ingest(database.sql, body(account, ...both('x').filter((row) => row.recipient.id === account)), OWN)
    await ingest(database.sql, body(account, ...both('y').filter((row) => row.recipient.id === account)), null)
  }
  const events = await database.sql`select account_id as account, payload ->> 'mid' as mid from inbound_event order by account_id`
  expect([...events]).toEqual([
    { account: OWN, mid: 'x' },
    { account: SHARED, mid: 'y' },
  ])
  const strangers = await database.sql`select account_id as account, verdict from delivery order by account_id`
  expect([...strangers]).toEqual([
    { account: OWN, verdict: 'unknown-account' },
    { account: SHARED, verdict: 'unknown-account' },
  ])
})

it('puts nothing into the workspace of another account than the one whose secret signed it', async () => {
  const unreadable = { sender: { id: 'A' }, message: 'unreadable' }
  await ingest(database.sql, body(SHARED, element(SHARED, 'A', 'm1'), unreadable), OWN)
  expect([...(await database.sql`select account_id as account, workspace_id as workspace from delivery`)]).toEqual([
    { account: SHARED, workspace: null },
    { account: SHARED, workspace: null },
  ])
})

it('stores every body, whatever it claims to be about', async () => {
  const bodies = ['a\u0000b', `${'x'.repeat(39)}\u{1f600}`].map((object) => ({ object, entry: [] }))
  for (const each of [...bodies, 'text', null]) await ingest(database.sql, new TextEncoder().encode(JSON.stringify(each)), null)
  expect(await count('delivery')).toBe(4)
})
