import journal from '@/drizzle/meta/_journal.json'
import { type Database, database } from './client'

/** A worker writes its heartbeat every five seconds; three missed ones and it does not count. */
const HEARTBEAT_MS = 15_000
/** A health check that hangs says nothing. */
const PATIENCE_MS = 3_000

export type Part = 'database' | 'migrations' | 'worker'
export interface Readiness {
  ready: boolean
  /** What is missing, in words for a person. A part that could not be looked at is not listed. */
  missing: { part: Part; why: string }[]
}

const newestMigration = Math.max(...journal.entries.map((entry) => entry.when))

/** Whether this Parley can take a message and answer it: database, all migrations, a worker. Never throws. */
export async function readiness(open: () => Pick<Database, 'sql'> = database): Promise<Readiness> {
  const missing: Readiness['missing'] = []
  try {
    const { sql } = open()
    const within = Promise.race([look(sql), timeLimit()])
    const { applied, hasWorker } = await within
    if (applied < newestMigration)
      missing.push({ part: 'migrations', why: 'The database is behind this version: run "npm run parley -- migrate".' })
    else if (!hasWorker) missing.push({ part: 'worker', why: 'No worker was seen within the last 15 seconds.' })
  } catch {
    missing.push({ part: 'database', why: 'The database does not answer.' })
  }
  return { ready: missing.length === 0, missing }
}

/** When the newest migration that was applied was written, and whether a worker lives by the database's clock. */
async function look(sql: Database['sql']): Promise<{ applied: number; hasWorker: boolean }> {
  const [table] = await sql<{ there: boolean }[]>`select to_regclass('drizzle.__drizzle_migrations') is not null there`
  if (!table?.there) return { applied: 0, hasWorker: false }
  const [migrations] = await sql<{ applied: string | null }[]>`select max(created_at) applied from drizzle.__drizzle_migrations`
  const applied = Number(migrations?.applied ?? 0)
  if (applied < newestMigration) return { applied, hasWorker: false }
  const [workers] = await sql<{ seen: boolean }[]>`
    select exists (
      select from worker_heartbeat where seen_at > clock_timestamp() - ${HEARTBEAT_MS} * interval '1 millisecond'
    ) seen`
  return { applied, hasWorker: workers?.seen === true }
}

function timeLimit(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the database did not answer in time')), PATIENCE_MS).unref()
  })
}
