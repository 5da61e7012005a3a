import { migrate as run } from 'drizzle-orm/postgres-js/migrator'
import { openDatabase } from './client'

/** Any number: processes that migrate at the same time wait for each other. */
const LOCK = 7_271_903_155

/** Brings a database up to date. Safe to call from several processes at once; a database that is up to date is left alone. */
export async function migrate(url: string, folder: string): Promise<void> {
  const { sql, db, close } = openDatabase(url, { max: 1, name: 'parley migrate' })
  try {
    await sql`select pg_advisory_lock(${LOCK})`
    await run(db, { migrationsFolder: folder })
  } finally {
    await close()
  }
}
