import { randomBytes } from 'node:crypto'
import { type Database, openDatabase } from '@/lib/db/client'
import { ensureDatabase, startTemporaryCluster } from '@/scripts/postgres/cluster'
import type { Bench } from './figure'

/** A Postgres that keeps what it commits, as in production. */
export interface DatabaseServer {
  /** Makes an empty database, gone when the run ends; returns its address. */
  create: (name: string) => Promise<string>
}

/** Of DATABASE_URL when that is set, else a server of this run's own. */
export async function startDatabaseServer(bench: Bench): Promise<DatabaseServer> {
  const given = process.env.DATABASE_URL
  const server = given ? atUrl(bench, given) : await ofOurOwn(bench)
  return {
    create: async (name) => {
      const url = await server.create(name)
      await once(url, async ({ sql }) => {
        const [row] = await sql<{ fsync: string; commit: string }[]>`
          select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`
        if (row?.fsync !== 'on' || row.commit === 'off')
          throw new Error(
            `This database forgets in a crash (fsync ${row?.fsync}, synchronous_commit ${row?.commit}): its figures mean nothing.`,
          )
      })
      return url
    },
  }
}

async function ofOurOwn(bench: Bench): Promise<DatabaseServer> {
  bench.say('making a database')
  const cluster = await startTemporaryCluster({ log: bench.say, durable: true })
  bench.atEnd(() => cluster.stop())
  return {
    create: async (name) => {
      await ensureDatabase(cluster, name)
      return cluster.url(name)
    },
  }
}

function atUrl(bench: Bench, given: string): DatabaseServer {
  return {
    create: async (name) => {
      const own = `bench_${name}_${randomBytes(4).toString('hex')}`
      await once(given, ({ sql }) => sql`create database ${sql(own)}`)
      bench.atEnd(() => once(given, async ({ sql }) => void (await sql`drop database ${sql(own)} with (force)`)))
      const url = new URL(given)
      url.pathname = `/${own}`
      return url.href
    },
  }
}

async function once(url: string, work: (database: Database) => PromiseLike<unknown>): Promise<void> {
  const database = openDatabase(url, { max: 1, name: 'parley bench administration' })
  try {
    await work(database)
  } finally {
    await database.close()
  }
}
