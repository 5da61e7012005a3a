import { spawn } from 'node:child_process'
import postgres from 'postgres'
import { asProcessEnv, type Environment } from './environment.ts'
import { patiently } from './progress.ts'

type Say = (line: string) => void

/** What cannot be told from a URL's form. @throws Error with one sentence about DATABASE_URL; its password is not in it. */
export async function checkDatabase(url: string, say: Say): Promise<void> {
  let sql: postgres.Sql | undefined
  try {
    sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} })
    const [role] = await sql<
      { unbound: boolean }[]
    >`select rolsuper or rolbypassrls unbound from pg_roles where rolname = current_user`
    if (role?.unbound) {
      say('DATABASE_URL connects as a role that row security does not bind; an ordinary role that owns the database is safer')
    }
  } catch (error) {
    throw new Error(
      `DATABASE_URL is wrong, or its database is down: ${(error as Error).message}. Mend it, or unset it to use the embedded one.`,
    )
  } finally {
    await sql?.end({ timeout: 1 })
  }
}

/** Runs the migrations in a process of their own: they are part of the bundle, the launcher is not. */
export async function runMigrations(bundle: string, root: string, env: Environment, say: Say): Promise<void> {
  const slow = setTimeout(() => say('bringing the database up to date'), 2_000)
  const child = spawn(process.execPath, [bundle], {
    cwd: root,
    env: asProcessEnv(env),
    stdio: ['ignore', 'inherit', 'pipe'],
    windowsHide: true,
  })
  let said = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (part: string) => {
    said = (said + part).slice(-5_000)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const code = await patiently(say, 'bringing the database up to date', ended).finally(() => clearTimeout(slow))
  if (code !== 0) throw new Error(`The database could not be brought up to date:\n${said.trim()}`)
}
