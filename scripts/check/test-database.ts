import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '@/lib/db/client'
import { migrate } from '@/lib/db/migrate'

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of the server that tests make theirs on; its role may make databases and is no superuser. */
    databaseServer: string
    /** A migrated, empty database that is cloned for each test file. */
    databaseTemplate: string
  }
}

const MIGRATIONS = fileURLToPath(new URL('../../drizzle', import.meta.url))

/**
 * Runs once before the tests that need a database: DATABASE_URL's server, or a temporary one of our own; on it a migrated
 * template. Fails the run when a file left its database behind (`close` of `freshDatabase` was not called, or failed).
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await findServer()
  const template = `parley_template_${randomBytes(6).toString('hex')}`
  const admin = openDatabase(server, { max: 1, name: 'parley tests' })
  try {
    const [role] = await admin.sql`select rolname, rolsuper, rolcreatedb from pg_roles where rolname = current_user`
    if (!role?.rolcreatedb || role.rolsuper) {
      throw new Error(
        `The tests need a role that may make databases and is no superuser, or row security is not tested; ${role?.rolname} is ` +
          'not such a role. Give DATABASE_URL another (create role parley login createdb), or unset it.',
      )
    }
    await admin.sql`create database ${admin.sql(template)}`
    await migrate(urlOf(server, template), MIGRATIONS)
  } catch (error) {
    await admin.close()
    await stop()
    throw error
  }
  project.provide('databaseServer', server)
  project.provide('databaseTemplate', template)

  return async () => {
    const left = await admin.sql<{ name: string; file: string | null }[]>`
      select datname as name, shobj_description(oid, 'pg_database') as file from pg_database
      where datname like ${`${template.replace('template', 'test').replaceAll('_', '\\_')}%`}`
    for (const { name } of left) await admin.sql`drop database ${admin.sql(name)} with (force)`
    await admin.sql`drop database ${admin.sql(template)} with (force)`
    await admin.close()
    await stop()
    if (left.length > 0) {
      throw new Error(`Databases of tests were not closed: ${left.map(({ name, file }) => `${name} (${file})`).join(', ')}`)
    }
  }
}

const urlOf = (server: string, database: string): string => {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function findServer(): Promise<{ server: string; stop: () => Promise<void> }> {
  if (process.env.DATABASE_URL) return { server: process.env.DATABASE_URL, stop: async () => {} }
  const { startTemporaryCluster } = await import('../postgres/cluster')
  const cluster = await startTemporaryCluster({ log: (line) => console.error(line) })
  return { server: cluster.url('postgres'), stop: () => cluster.stop() }
}
