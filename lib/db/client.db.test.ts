import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from './client'
import { type FreshDatabase, freshDatabase } from './testing'

const WRITERS = 24
const TRANSFERS = 40
const KILLS = 25

let fresh: FreshDatabase
beforeAll(async () => {
  fresh = await freshDatabase()
  await fresh.sql`create table half (writer int, transfer int, side text)`
})
afterAll(() => fresh.close())

test('connections killed under load: every promise settles, no transaction is torn, the pool is whole again', async () => {
  const pool = openDatabase(fresh.url, { max: 8, name: 'killed under load' })
  const outcomes: { key: string; isCommitted: boolean }[] = []
  let isOver = false

  const writer = async (writer: number) => {
    for (let transfer = 0; transfer < TRANSFERS; transfer++) {
      const work = pool.sql.begin(async (tx) => {
        await tx`insert into half values (${writer}, ${transfer}, ${'left'})`
        await tx`insert into half values (${writer}, ${transfer}, ${'right'})`
      })
      const isCommitted = await work.then(
        () => true,
        () => false,
      )
      outcomes.push({ key: `${writer}-${transfer}`, isCommitted })
    }
  }
  const killer = async () => {
    let killed = 0
    while (killed < KILLS || !isOver) {
      const rows = await fresh.sql`
        select pg_terminate_backend(pid), pg_sleep(0.005) from pg_stat_activity
        where datname = current_database() and application_name = 'killed under load' order by random() limit 3`
      killed += rows.length
      if (rows.length === 0 && isOver) break
    }
    return killed
  }

  const killing = killer()
  await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)))
  isOver = true
  expect(await killing).toBeGreaterThanOrEqual(KILLS)

  expect(outcomes).toHaveLength(WRITERS * TRANSFERS)
  expect(outcomes.some((outcome) => outcome.isCommitted)).toBe(true)
  expect(outcomes.some((outcome) => !outcome.isCommitted)).toBe(true)

  const stored = await fresh.sql<{ key: string; halves: number }[]>`
    select writer || '-' || transfer as key, count(*)::int as halves from half group by 1`
  expect(stored.filter((row) => row.halves !== 2)).toEqual([])
  const keys = new Set(stored.map((row) => row.key))
  expect(outcomes.filter((outcome) => outcome.isCommitted && !keys.has(outcome.key))).toEqual([])

  // A kill can come just after the last transfer: the first statement of a connection may still find it gone.
  const answers = await Promise.allSettled(Array.from({ length: 16 }, () => pool.sql`select 1 as one`))
  expect(answers.length).toBe(16)
  const again = await Promise.all(Array.from({ length: 16 }, () => pool.sql<{ one: number }[]>`select 1 as one`))
  expect(again.every((rows) => rows[0]?.one === 1)).toBe(true)
  await pool.close()
})
