import { expect, test } from 'vitest'
import { openDatabase } from './client'
import { freshDatabase } from './testing'

test('a fresh database is migrated, empty, its own, and gone when closed', async () => {
  const one = await freshDatabase()
  const two = await freshDatabase()
  await one.sql`insert into workspace (name) values ('one')`
  expect((await one.sql`select name from workspace`).map((row) => row.name)).toEqual(['one'])
  expect(await two.sql`select name from workspace`).toHaveLength(0)
  expect((await two.sql`select app_now() - now() as offset`)[0]?.offset).toBe('00:00:00')
  await one.close()
  await two.close()
  const gone = openDatabase(one.url, { max: 1 })
  await expect(gone.sql`select 1`).rejects.toMatchObject({ code: '3D000' })
  await gone.close()
})

test('row security binds the role that tests use', async () => {
  const { sql, close } = await freshDatabase()
  await sql`insert into workspace (name) values ('one'), ('two')`
  const [first] = await sql<{ id: string }[]>`select id from workspace order by name`
  const names = await sql.begin(async (tx) => {
    await tx`select set_config('parley.workspace_id', ${first?.id ?? ''}, true)`
    return (await tx`select name from workspace`).map((row) => row.name)
  })
  expect(names).toEqual(['one'])
  await close()
})

test('a connection that something leaves open is named and fails the file', async () => {
  const { url, close } = await freshDatabase()
  const worker = openDatabase(url, { max: 1, name: 'forgotten worker' })
  await worker.sql`select 1`
  await expect(close()).rejects.toThrow(/left 1 connections open: forgotten worker/)
  await worker.close()
})
