import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

/** Raw statements of the engine. Dates come back as text and JSON goes in as text: ask for milliseconds, cast `::text::jsonb`. */
export type Sql = postgres.Sql
/** Inside a transaction of raw statements. */
export type SqlTx = postgres.TransactionSql
export type Db = PostgresJsDatabase
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0]

export interface Database {
  sql: Sql
  db: Db
  /** Waits for queries under way, at most five seconds. */
  close: () => Promise<void>
}

interface Options {
  max?: number
  /** Shown in pg_stat_activity. */
  name?: string
}

/** Connects lazily: a wrong address is an error of the first query. Nothing session-bound is used, so poolers are safe. */
export function openDatabase(url: string, { max = 10, name = 'parley' }: Options = {}): Database {
  const sql = postgres(url, {
    max,
    idle_timeout: 0,
    connect_timeout: 10,
    // A transaction-mode pooler gives each transaction another session, where a prepared statement is not known.
    prepare: !/[?&]prepare=false/.test(url),
    connection: { application_name: name },
    onnotice: () => {},
  })
  return { sql, db: drizzle(sql), close: () => sql.end({ timeout: 5 }) }
}

const held = Symbol.for('parley.database')
type Holder = { [held]?: Database }

/** This process's pool, shared by Next's bundles and the server in front of them. Reads DATABASE_URL at the first call. */
export function database(): Database {
  const holder = globalThis as Holder
  const url = process.env.DATABASE_URL
  if (!holder[held] && !url) throw new Error('DATABASE_URL is not set; set it, or start with "npm start", which makes one.')
  holder[held] ??= openDatabase(url as string, { max: 12, name: process.env.PARLEY_PROCESS ?? 'parley' })
  return holder[held]
}
