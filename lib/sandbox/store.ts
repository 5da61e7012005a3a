import postgres from 'postgres'
import { log, reasonOf } from '@/lib/log'

/** One row of JSON for each thing. `delivery` and `call` have growing numbers as keys, the others text. */
export type Table = 'account' | 'person' | 'thread' | 'message' | 'fault' | 'media' | 'delivery' | 'call'
const numbered: readonly Table[] = ['delivery', 'call']

/** Upgrades of the sandbox's own schema, in order; each is applied once. */
const upgrades = [
  `create table account (id text primary key, body json not null);
   create table person (id text primary key, body json not null);
   create table thread (id text primary key, body json not null);
   create table message (id text primary key, body json not null);
   create table fault (id text primary key, body json not null);
   create table media (id text primary key, body json not null);
   create table delivery (id bigint primary key, pending boolean generated always as (body ->> 'state' = 'pending') stored, body json not null);
   create index on delivery (id) where pending;
   create table call (id bigint primary key, body json not null);
   create table clock (id integer primary key check (id = 1), offset_ms bigint not null);
   insert into clock values (1, 0);`,
]

/** One sandbox a database; session-bound, so it goes with the process. */
const LOCK = 7_271_903_156
const LOCK_PATIENCE_MS = 5000
/** An answer waits this long for its rows to be safe. */
const SETTLE_MS = 20_000
/** Raw calls and finished deliveries beyond this many are forgotten, oldest first. */
const KEPT_LOG_ROWS = 50_000

export interface Store {
  sql: postgres.Sql
  /** Written at the next commit; the value is read then, so it may still change. Null deletes. */
  put(table: Table, id: string | number, body: object | null): void
  /** Resolves when all that was put before is committed. */
  settled(): Promise<void>
  read<T>(table: Table): Promise<T[]>
  nextNumber(table: 'delivery' | 'call'): number
  /** Empties every table. */
  clear(): Promise<void>
  close(): Promise<void>
}

const connect = (url: string, max: number, name: string, onclose?: () => void) =>
  postgres(url, {
    max,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    connection: { application_name: name, search_path: 'sandbox' },
    onnotice: () => {},
    onclose,
  })

/** Held by the session of one connection: when that is lost, as in a restart of the database, it is taken again. */
async function holdLock(url: string): Promise<() => Promise<void>> {
  let isEnding = false
  let isTaking = true
  const lock = connect(url, 1, 'parley sandbox lock', () => {
    if (!isEnding && !isTaking) void takeAgain()
  })
  const take = async () => Boolean((await lock`select pg_try_advisory_lock(${LOCK}) as held`)[0]?.held)
  const rest = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

  async function takeAgain(): Promise<void> {
    isTaking = true
    while (!isEnding && !(await take().catch(() => false))) await rest(250)
    isTaking = false
  }

  const letGo = async () => {
    isEnding = true
    await lock.end({ timeout: 2 })
  }
  const patience = Date.now() + LOCK_PATIENCE_MS
  try {
    while (!(await take())) {
      if (Date.now() > patience) {
        throw new Error('Another sandbox runs on this database; stop it, or set DATABASE_URL to a database of its own.')
      }
      await rest(100)
    }
  } catch (error) {
    await letGo()
    throw error
  }
  isTaking = false
  return letGo
}

async function upgrade(sql: postgres.Sql): Promise<void> {
  await sql`create schema if not exists sandbox`
  await sql`create table if not exists upgrade (number integer primary key)`
  const done = new Set((await sql`select number from upgrade`).map((row) => Number(row.number)))
  for (const [index, statements] of upgrades.entries()) {
    if (done.has(index + 1)) continue
    await sql.begin(async (tx) => {
      await tx.unsafe(statements)
      await tx`insert into upgrade values (${index + 1})`
    })
  }
}

/** Everything lives in memory and is committed in groups: one transaction for all that came together. */
export async function openStore(url: string): Promise<Store> {
  const letGo = await holdLock(url)
  const sql = connect(url, 4, 'parley sandbox')
  const close = () => Promise.all([sql.end({ timeout: 2 }), letGo()])

  const last = { delivery: 0, call: 0 }
  try {
    await upgrade(sql)
    for (const table of ['delivery', 'call'] as const) {
      const [row] = await sql`select coalesce(max(id), 0)::text as id from ${sql(table)}`
      last[table] = Number(row?.id)
    }
  } catch (error) {
    await close()
    throw error
  }

  let dirty = new Map<Table, Map<string, object | null>>()
  let waiting: (() => void)[] = []
  let flushing: Promise<void> | null = null
  let isClosed = false
  let sinceTrim = 0

  async function write(batch: Map<Table, Map<string, object | null>>): Promise<void> {
    await sql.begin((tx) => {
      const statements: postgres.PendingQuery<postgres.Row[]>[] = []
      for (const [table, rows] of batch) {
        const kept = [...rows].filter((row): row is [string, object] => row[1] !== null)
        const gone = [...rows].filter(([, body]) => body === null).map(([id]) => id)
        const type = tx.unsafe(numbered.includes(table) ? 'bigint' : 'text')
        if (kept.length > 0) {
          statements.push(tx`
            insert into ${tx(table)} (id, body)
            select r.id::${type}, r.body::json
            from unnest(${kept.map(([id]) => id)}::text[], ${kept.map(([, body]) => JSON.stringify(body))}::text[]) as r (id, body)
            on conflict (id) do update set body = excluded.body`)
        }
        if (gone.length > 0) {
          statements.push(tx`delete from ${tx(table)} where id = any (select g::${type} from unnest(${gone}::text[]) as g)`)
        }
      }
      return Promise.all(statements)
    })
  }

  async function trim(): Promise<void> {
    sinceTrim = 0
    await sql`delete from call where id <= ${last.call - KEPT_LOG_ROWS}`
    await sql`delete from delivery where id <= ${last.delivery - KEPT_LOG_ROWS} and not pending`
  }

  async function flush(): Promise<void> {
    while (dirty.size > 0) {
      const batch = dirty
      const told = waiting
      dirty = new Map()
      waiting = []
      try {
        await write(batch)
        sinceTrim += batch.get('call')?.size ?? 0
        if (sinceTrim > 1000) await trim()
        for (const tell of told) tell()
      } catch (error) {
        // The database went away: nothing is lost, the batch joins what came meanwhile and is tried again.
        for (const [table, rows] of batch) {
          dirty.set(table, new Map([...rows, ...(dirty.get(table) ?? [])]))
        }
        waiting = [...told, ...waiting]
        if (isClosed) return
        log.warn('sandbox.commit-failed', { reason: reasonOf(error) })
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }
  }

  function start(): void {
    flushing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(flush).finally(() => {
      flushing = null
      if (dirty.size > 0 && !isClosed) start()
    })
  }

  const settled = () =>
    new Promise<void>((resolve, reject) => {
      if (dirty.size === 0 && flushing === null) return resolve()
      const timer = setTimeout(
        () => reject(new Error('The database does not answer; the sandbox cannot keep what it was told.')),
        SETTLE_MS,
      )
      const told = () => {
        clearTimeout(timer)
        resolve()
      }
      if (dirty.size > 0) {
        waiting.push(told)
        start()
      } else void flushing?.then(told)
    })

  return {
    sql,
    put(table, id, body) {
      let rows = dirty.get(table)
      if (!rows) {
        rows = new Map()
        dirty.set(table, rows)
      }
      rows.set(String(id), body)
      start()
    },
    settled,
    async read<T>(table: Table) {
      const rows = await sql`select body from ${sql(table)} order by id`
      return rows.map((row) => row.body as T)
    },
    nextNumber: (table) => ++last[table],
    async clear() {
      await settled()
      await sql`truncate account, person, thread, message, fault, media, delivery, call`
    },
    async close() {
      await settled().catch((error) => log.warn('sandbox.close', { reason: reasonOf(error) }))
      isClosed = true
      await close()
    },
  }
}
