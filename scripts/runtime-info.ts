import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readEnv } from '../lib/env.ts'
import { isHolder, type Lock, takeLock } from './launcher-lock.ts'
import { ensureDatabase, startCluster } from './postgres/cluster.ts'
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts'
import { readOrMakeSecrets } from './secrets.ts'
import { loadDotEnv } from './settings.ts'

/** The database's name in the embedded cluster. */
export const DATABASE = 'parley'
/** A launcher may be building, which takes minutes on a slow machine; it gives the lock up when it ends. */
const WAIT_MS = { launcher: 15 * 60_000, command: 60_000 }

export const dataFolderOf = (root: string): string => join(root, '.data')
export const lockFileOf = (root: string): string => join(dataFolderOf(root), 'launcher.lock')
const infoFileOf = (root: string): string => join(dataFolderOf(root), 'runtime.json')

/** What runs in a project's folder. */
export interface RuntimeInfo extends ProcessIdentity {
  url: string
  /** Null: the sandbox is off. */
  sandboxUrl: string | null
  /** With its password: the file is readable by its owner only. */
  databaseUrl: string
  /** The project's: a copied folder has the original's file in it. */
  root: string
}

export function writeRuntimeInfo(root: string, info: Omit<RuntimeInfo, keyof ProcessIdentity | 'root'>): void {
  const file = infoFileOf(root)
  mkdirSync(dataFolderOf(root), { recursive: true, mode: 0o700 })
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ ...info, ...identityOf(process.pid), root: realpathSync(root) } satisfies RuntimeInfo),
    { mode: 0o600 },
  )
  renameSync(`${file}.new`, file)
}

export function removeRuntimeInfo(root: string): void {
  rmSync(infoFileOf(root), { force: true })
}

/** Null when no launcher runs here; what a killed one left behind does not count. */
export function readRuntimeInfo(root: string = process.cwd()): RuntimeInfo | null {
  const info = readInfo(root)
  return info && isRunning(info) ? info : null
}

/** What a launcher that was killed left here, told while we hold the lock; null after an orderly end. */
export function readKilledInfo(root: string): RuntimeInfo | null {
  const info = readInfo(root)
  return info && !isRunning(info) ? info : null
}

function readInfo(root: string): RuntimeInfo | null {
  const file = infoFileOf(root)
  if (!existsSync(file)) return null
  const info = JSON.parse(readFileSync(file, 'utf8')) as RuntimeInfo
  return info.root === realpathSync(root) ? info : null
}

/**
 * For commands: DATABASE_URL of the environment, else the running launcher's database, else the embedded one, started for as
 * long as `work` takes and migrated first. DATABASE_URL and ENCRYPTION_KEYS are set in `process.env` meanwhile and after.
 * Call it from the project's folder.
 * @throws Error with one sentence a wrong setting. Of the files that use it, only bundled ones can run: it takes in `lib/db`.
 */
export async function withDatabase<T>(
  work: (databaseUrl: string) => Promise<T>,
  { root = process.cwd(), say = (line: string) => console.error(line) }: { root?: string; say?: (line: string) => void } = {},
): Promise<T> {
  loadDotEnv(root)
  process.env.ENCRYPTION_KEYS ||= readOrMakeSecrets(dataFolderOf(root)).ENCRYPTION_KEYS
  const use = (databaseUrl: string) => {
    process.env.DATABASE_URL = databaseUrl
    readEnv()
    return work(databaseUrl)
  }
  if (process.env.DATABASE_URL) return use(process.env.DATABASE_URL)

  const found = await databaseOrLock(root, say)
  if (typeof found === 'string') return use(found)
  try {
    const cluster = await startCluster({ dataDir: join(dataFolderOf(root), 'postgres'), log: say })
    try {
      await ensureDatabase(cluster, DATABASE)
      const { migrate } = await import('../lib/db/migrate.ts')
      await migrate(cluster.url(DATABASE), join(root, 'drizzle'))
      return await use(cluster.url(DATABASE))
    } finally {
      await cluster.stop()
    }
  } finally {
    found.release()
  }
}

/** The URL of a running launcher's database, or the lock that allows us to start it; waits for whoever has the lock. */
async function databaseOrLock(root: string, say: (line: string) => void): Promise<string | Lock> {
  const from = Date.now()
  let hasSpoken = false
  for (;;) {
    const info = readRuntimeInfo(root)
    if (info) return info.databaseUrl
    const taken = takeLock(lockFileOf(root), 'command')
    if (!isHolder(taken)) return taken
    const waited = Date.now() - from
    if (waited > WAIT_MS[taken.kind])
      throw new Error(`Process ${taken.pid} has had the database for ${Math.round(waited / 60_000)} min. Try again, or stop it.`)
    if (waited > 2_000 && !hasSpoken) {
      say(`waiting for process ${taken.pid}, which is ${taken.kind === 'launcher' ? 'starting Parley' : 'using the database'}`)
      hasSpoken = true
    }
    await delay(100)
  }
}
