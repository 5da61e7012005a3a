import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { seal } from '@/lib/accounts/seal'
import { openDatabase } from '@/lib/db/client'
import { type Engine, echo, say, startEngine, text } from './testing'

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})
afterAll(() => engine.close())
beforeEach(() => engine.reset())
afterEach(() => engine.stop())

const heard = () => engine.graph.accepted.map((message) => message.text)

it('whose connections to the database are cut all the time loses nothing, doubles nothing and keeps the order', async () => {
  await engine.publish([say('one', 'two')])
  engine.start(2)
  const other = openDatabase(engine.url, { max: 1, name: 'parley test other' })
  let isOver = false
  const cut = async () => {
    while (!isOver) {
      await other.sql`
        select pg_terminate_backend(pid), pg_sleep(0.02) from pg_stat_activity
        where datname = current_database() and application_name = 'parley test' order by random() limit 2`
    }
  }
  const cutting = cut()
  const people = Array.from({ length: 40 }, (_, ix) => `S${ix}`)
  // Instagram tries again until it is told that the words were taken in.
  const deliver = async (igsid: string): Promise<void> => {
    const elements = [text(igsid, 'go', `in.${igsid}.1`), text(igsid, 'go again', `in.${igsid}.2`)]
    for (let isTaken = false; !isTaken; ) {
      isTaken = await engine.deliver(...elements).then(
        () => true,
        () => sleep(10, false),
      )
    }
  }
  for (const igsid of people) await deliver(igsid)
  await sleep(1000)
  isOver = true
  await cutting
  await other.close()
  await expect
    .poll(
      () =>
        engine.idle().then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true)
  for (const igsid of people) {
    const words = engine.graph.accepted.filter((message) => message.igsid === igsid).map((message) => message.text)
    expect(words).toEqual(['one', 'two', 'one', 'two'])
  }
})

it('is not kept from anybody by people of an account that is gone', async () => {
  await engine.publish([say('one')])
  await engine.sql`
    insert into lane (account_id, igsid, workspace_id, run_at)
    select 'gone', 'S' || n, ${engine.workspaceId}, app_now() - interval '1 day' from generate_series(1, 40) n`
  engine.start()
  await engine.deliver(text('S1', 'go'))
  await engine.idle()
  expect(heard()).toEqual(['one'])
  expect(await engine.sql`select 1 from lane where parked_reason is not null`).toHaveLength(40)
})

it('asks for the name of somebody whom the account wrote to first', async () => {
  engine.start()
  await engine.deliver(echo('S1', 'mid.app', 'Hi, the owner here'))
  await engine.idle()
  expect(await engine.sql`select 1 from job`).toHaveLength(0)
  await engine.deliver(text('S1', 'Hello'))
  await engine.idle()
  expect(await engine.sql`select igsid from job`).toMatchObject([{ igsid: 'S1' }])
})

it('that still used the old token does not spoil a new login', async () => {
  await engine.publish([say('one')])
  const [row] = await engine.sql<{ id: string }[]>`select id from connection`
  const id = row?.id as string
  engine.graph.faults = ['accept', { status: 401, code: 190, subcode: 463 }]
  engine.start()
  await engine.deliver(text('S1', 'go'))
  await engine.idle()
  await engine.sql`update connection set token = ${seal('new', { table: 'connection', column: 'token', rowId: id })}`
  await engine.deliver(text('S1', 'go'))
  await expect
    .poll(() => engine.sql`select status from outbox where reason like 'The access token%'`)
    .toMatchObject([{ status: 'pending' }])
  expect(await engine.sql`select status from connection`).toMatchObject([{ status: 'active' }])
  await engine.sql`update app_clock set offset_ms = 31000`
  await engine.idle()
  expect(heard()).toEqual(['one', 'one'])
})
