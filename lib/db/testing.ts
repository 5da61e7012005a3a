import { randomBytes } from 'node:crypto'
import { expect, inject } from 'vitest'
import { type Database, openDatabase } from './client'

export interface FreshDatabase extends Pick<Database, 'sql' | 'db'> {
  url: string
  /** Call it in `afterAll`. Drops the database; fails when a connection of something that should have stopped is still open. */
  close: () => Promise<void>
}

/** A connection's backend ends a moment after its socket. */
const GOODBYE_MS = 3_000

const urlOf = (server: string, database: string): string => {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

/** A migrated, empty database for one test file, cloned from the template of this test run. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = inject('databaseServer')
  const template = inject('databaseTemplate')
  const name = `${template.replace('template', 'test')}_${randomBytes(6).toString('hex')}`
  const file = expect.getState().testPath ?? 'unknown'

  await asAdmin(server, async (sql) => {
    await sql`create database ${sql(name)} template ${sql(template)}`
    await sql.unsafe(`comment on database "${name}" is '${file.replaceAll("'", "''")}'`)
  })
  const url = urlOf(server, name)
  const { sql, db, close: closePool } = openDatabase(url, { max: 5, name: 'parley test' })

  const close = async () => {
    await closePool()
    await asAdmin(server, async (admin) => {
      const until = Date.now() + GOODBYE_MS
      let open = await connectionsTo(admin, name)
      while (open.length > 0 && Date.now() < until) open = await connectionsTo(admin, name)
      await admin`drop database ${admin(name)} with (force)`
      if (open.length > 0) throw new Error(`${file} left ${open.length} connections open: ${[...new Set(open)].join(', ')}`)
    })
  }
  return { url, sql, db, close }
}

/** What the connections to a database call themselves; `pg_sleep` paces a caller that asks again. */
async function connectionsTo(admin: Database['sql'], database: string): Promise<string[]> {
  const rows = await admin<{ name: string }[]>`
    select application_name as name, pg_sleep(0.02) from pg_stat_activity
    where datname = ${database} and backend_type = 'client backend'`
  return rows.map((row) => row.name || 'without a name')
}

async function asAdmin(server: string, work: (sql: Database['sql']) => Promise<void>): Promise<void> {
  const { sql, close } = openDatabase(server, { max: 1, name: 'parley test administration' })
  try {
    await work(sql)
  } finally {
    await close()
  }
}
