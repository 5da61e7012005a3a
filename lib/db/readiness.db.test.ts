import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openDatabase } from './client'
import { readiness } from './readiness'
import { type FreshDatabase, freshDatabase } from './testing'

let fresh: FreshDatabase

beforeAll(async () => {
  fresh = await freshDatabase()
})
afterAll(() => fresh.close())
beforeEach(() => fresh.sql`truncate worker_heartbeat`.then(() => {}))

const beat = (age: string) =>
  fresh.sql`insert into worker_heartbeat (id, seen_at) values (${age}, clock_timestamp() - ${age}::interval)`
const partsOf = async () => (await readiness(() => fresh)).missing.map(({ part }) => part)

it('is ready with a worker that was seen just now', async () => {
  await beat('1 hour')
  await beat('14 seconds')
  expect(await readiness(() => fresh)).toEqual({ ready: true, missing: [] })
})

it('misses the worker when its last heartbeat is older than 15 seconds', async () => {
  await beat('16 seconds')
  expect(await partsOf()).toEqual(['worker'])
})

it('judges by the real clock of the database, not by travelled time', async () => {
  await beat('1 second')
  await fresh.sql`update app_clock set offset_ms = 86400000`
  expect(await partsOf()).toEqual([])
  await fresh.sql`update app_clock set offset_ms = 0`
})

it('misses migrations when the newest was not applied', async () => {
  await beat('1 second')
  await fresh.sql`create table newest as select * from drizzle.__drizzle_migrations order by created_at desc limit 1`
  await fresh.sql`delete from drizzle.__drizzle_migrations where id in (select id from newest)`
  expect(await partsOf()).toEqual(['migrations'])
  await fresh.sql`insert into drizzle.__drizzle_migrations select * from newest`
  expect(await partsOf()).toEqual([])
})

it('misses migrations in an empty database', async () => {
  await fresh.sql`alter schema drizzle rename to hidden`
  expect(await partsOf()).toEqual(['migrations'])
  await fresh.sql`alter schema hidden rename to drizzle`
})

it('misses the database when nobody answers', async () => {
  const nobody = openDatabase('postgres://nobody:nothing@127.0.0.1:1/none', { max: 1 })
  const answer = await readiness(() => nobody)
  await nobody.close()
  expect(answer).toEqual({ ready: false, missing: [{ part: 'database', why: 'The database does not answer.' }] })
})
