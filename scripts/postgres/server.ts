import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { asProcessEnv, type Environment } from '../environment.ts'
import { isAlive } from '../process-identity.ts'
import type { Binaries } from './binaries.ts'
import type { RunAs } from './system-user.ts'

/** What one server is started from. `data` belongs to `runAs`; the log beside it belongs to us. */
export interface ServerPlace {
  data: string
  logFile: string
  binaries: Binaries
  runAs: RunAs | null
  /** Of the superuser `postgres`. */
  password: string
  /** More of `-c name=value`. */
  settings: Record<string, string>
}

export interface Postmaster {
  pid: number
  port: number
}

const MAX_LOG_BYTES = 10 * 1024 * 1024
/** Recovery after a crash replays what was not yet written out; on a slow disk that takes its time. */
const READY_MS = 120_000
const FAST_STOP_MS = 10_000
const IMMEDIATE_STOP_MS = 5_000

/** Only what PostgreSQL needs: our secrets, and PG* variables meant for other servers, are kept from it. */
export function childEnvironment(): Environment {
  const kept = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot']
  const given = kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string] as const]))
  return { ...Object.fromEntries(given), LC_ALL: 'C' }
}

export const superuserUrl = (port: number, password: string, database = 'postgres'): string =>
  `postgres://postgres:${password}@127.0.0.1:${port}/${database}`

/** One connection as superuser, for `work`. */
export async function asSuperuser<T>(port: number, password: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(superuserUrl(port, password), { max: 1, connect_timeout: 10, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** `yes`, or why not: nobody listens or it is still starting (wait), or it is somebody else's server. */
async function answers(port: number, { data, password }: ServerPlace): Promise<'yes' | 'not-yet' | 'not-ours'> {
  try {
    const [row] = await asSuperuser(
      port,
      password,
      (sql) => sql<{ folder: string }[]>`select current_setting('data_directory') folder`,
    )
    return row && realpathSync(row.folder) === realpathSync(data) ? 'yes' : 'not-ours'
  } catch (error) {
    const code = (error as { code?: string }).code
    return code === '28P01' || code === '28000' ? 'not-ours' : 'not-yet'
  }
}

/** The postmaster of this data folder, if it runs; a postmaster.pid that names no such process is removed. */
export function findPostmaster(data: string): Postmaster | null {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return null
  const lines = readFileSync(file, 'utf8').split('\n')
  const pid = Number(lines[0])
  if (Number.isInteger(pid) && pid > 1 && isAlive(pid) && isPostmasterOf(pid, data)) return { pid, port: Number(lines[3]) }
  rmSync(file, { force: true })
  return null
}

/** A postmaster's working directory is its data folder. */
function isPostmasterOf(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
    if (process.platform === 'win32')
      return execFileSync('tasklist', ['/fi', `PID eq ${pid}`], { encoding: 'utf8' }).includes('postgres')
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data)
  } catch {
    return false
  }
}

/** Adopts the running server when it answers with our password, stops it when it does not; null: none runs any more. */
export async function adopt(place: ServerPlace): Promise<Postmaster | null> {
  const found = findPostmaster(place.data)
  if (!found) return null
  const until = Date.now() + READY_MS
  while (isAlive(found.pid) && Date.now() < until) {
    // The port is written after the pid: read again until it is there.
    const port = findPostmaster(place.data)?.port
    const verdict = port ? await answers(port, place) : 'not-yet'
    if (verdict === 'yes' && port) return { pid: found.pid, port }
    if (verdict === 'not-ours') break
    await delay(100)
  }
  await stopPostmaster(found.pid, place)
  return null
}

export function freePort(port = 0): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}

/** Starts a server, on `wantedPort` when it is free. Resolves when it answers. */
export async function startPostmaster(place: ServerPlace, wantedPort: number | null): Promise<Postmaster> {
  const until = Date.now() + READY_MS
  let wanted = wantedPort
  for (;;) {
    const port = (wanted && (await freePort(wanted))) || (await freePort())
    if (!port) throw new Error('PostgreSQL could not be started: no port on 127.0.0.1 is free.')
    const logFrom = existsSync(place.logFile) ? statSync(place.logFile).size : 0
    const child = spawnPostmaster(place, port)
    let exited = false
    child.once('exit', () => {
      exited = true
    })
    child.once('error', () => {
      exited = true
    })
    while (!exited && Date.now() < until) {
      const verdict = await answers(port, place)
      if (verdict === 'yes' && child.pid) return { pid: child.pid, port }
      if (verdict === 'not-ours') break
      await delay(50)
    }
    if (!exited && child.pid) await stopPostmaster(child.pid, place)
    const said = existsSync(place.logFile) ? readFileSync(place.logFile).subarray(logFrom).toString('utf8') : ''
    // Taken since we looked; or the children of a killed postmaster are still on their way out.
    const willPass = /could not bind|could not create any TCP\/IP sockets|pre-existing shared memory block/.test(said)
    if (!willPass || Date.now() >= until) {
      throw new Error(
        `PostgreSQL did not start. Its last words (${place.logFile}):\n${said.trim().split('\n').slice(-5).join('\n')}`,
      )
    }
    if (!said.includes('shared memory')) wanted = null
    await delay(200)
  }
}

function spawnPostmaster({ data, logFile, binaries, runAs, settings }: ServerPlace, port: number): ChildProcess {
  if (existsSync(logFile) && statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`)
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  }
  const args = ['-D', data, '-p', String(port), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  // A file, not a pipe: it must be able to write on when the launcher is gone.
  const logFd = openSync(logFile, 'a', 0o600)
  try {
    // A session of its own: Ctrl-C in the terminal reaches the launcher, which stops the database last.
    const child = spawn(binaries.postgres, args, {
      cwd: data,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', logFd, logFd],
      env: asProcessEnv(childEnvironment()),
      ...(runAs ?? {}),
    })
    child.unref()
    return child
  } finally {
    closeSync(logFd)
  }
}

/** Fast shutdown, then immediate, then killed. */
export async function stopPostmaster(
  pid: number,
  { data, binaries }: Pick<ServerPlace, 'data' | 'binaries'>,
  { immediate = false }: { immediate?: boolean } = {},
): Promise<void> {
  if (process.platform === 'win32') {
    execFileSync(join(binaries.folder, 'bin', 'pg_ctl.exe'), ['stop', '-D', data, '-m', 'fast', '-w'], { stdio: 'ignore' })
    return
  }
  const steps: [NodeJS.Signals, number][] = [
    ...(immediate ? [] : [['SIGINT', FAST_STOP_MS] as [NodeJS.Signals, number]]),
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ]
  for (const [signal, patience] of steps) {
    if (!isAlive(pid)) return
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const until = Date.now() + patience
    while (isAlive(pid) && Date.now() < until) await delay(20)
  }
}
