import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { asProcessEnv } from '../environment.ts'
import { isAlive } from '../process-identity.ts'
import { patiently } from '../progress.ts'
import { findBinaries } from './binaries.ts'
import { BINARIES_PARENT, makeTemporaryFolder, realFolder } from './place.ts'
import {
  adopt,
  asSuperuser,
  childEnvironment,
  type Postmaster,
  type ServerPlace,
  startPostmaster,
  stopPostmaster,
  superuserUrl,
} from './server.ts'
import { databaseUser } from './system-user.ts'

/** A PostgreSQL server of ours that runs. */
export interface Cluster {
  /** As superuser, database `postgres`. Row security does not bind it: for making databases and for tests only. */
  adminUrl: string
  /** As the ordinary role `parley`, which owns the databases and may make more. */
  url(database: string): string
  port: number
  /** Fast shutdown; immediate when that takes over ten seconds, or when asked for. */
  stop(how?: { immediate?: boolean }): Promise<void>
}

interface Credentials {
  superuser: string
  parley: string
}

type Say = (line: string) => void

interface ClusterOptions {
  /** The project's `.data/postgres`. As root it becomes a link to a folder that the database's own user can reach. */
  dataDir: string
  /** Tried first; else the port of the last time, else a free one. */
  port?: number
  /** Told what takes a while. */
  log?: Say
  /** Start the server again when it dies, on the same port, until `stop()`. */
  keepRunning?: boolean
}

interface Made {
  place: ServerPlace
  credentials: Credentials
  portFile: string
}

/** Starts the cluster of a data folder, making it when it is not there, adopting its server when that still runs. */
export async function startCluster({ dataDir, port, log = () => {}, keepRunning = false }: ClusterOptions): Promise<Cluster> {
  const runAs = databaseUser()
  const folder = realFolder(dataDir, { asRoot: runAs !== null, say: log })
  const made = await makeCluster(folder, { runAs, say: log, durable: true, settings: {} })
  const remembered = existsSync(made.portFile) ? Number(readFileSync(made.portFile, 'utf8')) : null
  const running = (await adopt(made.place)) ?? (await startSlowly(made, port ?? remembered, log))
  return finishStart(made, running, keepRunning ? log : null)
}

/**
 * A cluster in a folder of its own that `stop()` removes, fast because it forgets everything in a crash, unless it is `durable`:
 * then it commits as in production, for measurements. Whatever earlier killed runs left behind is stopped and removed first.
 */
export async function startTemporaryCluster({
  log = () => {},
  durable = false,
}: {
  log?: Say
  durable?: boolean
} = {}): Promise<Cluster> {
  const runAs = databaseUser()
  const { folder, remove } = await makeTemporaryFolder(runAs !== null)
  const forgetful = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const settings = { ...(durable ? {} : forgetful), max_connections: '200' }
  try {
    const made = await makeCluster(folder, { runAs, say: log, durable: false, settings })
    const cluster = await finishStart(made, await startPostmaster(made.place, null), null)
    return {
      ...cluster,
      stop: async () => {
        await cluster.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** Makes a database that the role `parley` owns; leaves an existing one alone. */
export async function ensureDatabase(cluster: Pick<Cluster, 'adminUrl' | 'port'>, name: string): Promise<void> {
  const password = new URL(cluster.adminUrl).password
  await asSuperuser(cluster.port, password, async (sql) => {
    const [found] = await sql`select 1 from pg_database where datname = ${name}`
    if (!found) await sql`create database ${sql(name)} owner parley`
  })
}

async function startSlowly({ place }: Made, port: number | null, say: Say): Promise<Postmaster> {
  const patience = setTimeout(() => say('waiting for PostgreSQL (after a crash it first repairs its files)'), 2_000)
  try {
    return await startPostmaster(place, port)
  } finally {
    clearTimeout(patience)
  }
}

/** Everything of a cluster but the running server. `folder` is ours; the data folder in it is the database user's. */
async function makeCluster(
  folder: string,
  {
    runAs,
    say,
    durable,
    settings,
  }: { runAs: ServerPlace['runAs']; say: Say; durable: boolean; settings: Record<string, string> },
): Promise<Made> {
  const binaries = findBinaries({ ...(runAs ? { copyTo: BINARIES_PARENT } : {}), say })
  const credentials = readOrMakeCredentials(join(folder, 'credentials.json'))
  const data = join(folder, 'data')
  const place = { data, logFile: join(folder, 'postgres.log'), binaries, runAs, password: credentials.superuser, settings }
  for (const name of readdirSync(folder)) {
    if (name.startsWith('data.making-')) rmSync(join(folder, name), { recursive: true, force: true })
  }
  if (!existsSync(data)) {
    say('making the database (only the first time)')
    await patiently(say, 'making the database', initialise(place, join(folder, `data.making-${process.pid}`), durable))
  }
  const major = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  if (major !== binaries.version.split('.')[0]) {
    throw new Error(
      `The data in ${folder} was written by PostgreSQL ${major}; this version of Parley brings PostgreSQL ${binaries.version}. ` +
        'Dump it with the version of Parley that wrote it and load it into a new folder, or set DATABASE_URL.',
    )
  }
  return { place, credentials, portFile: join(folder, 'port') }
}

/** Made before the data folder, so that no data folder exists whose passwords are not known. */
function readOrMakeCredentials(file: string): Credentials {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Credentials
  const credentials = { superuser: randomBytes(24).toString('hex'), parley: randomBytes(24).toString('hex') }
  writeFileSync(`${file}.new`, JSON.stringify(credentials), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return credentials
}

/** initdb into a folder beside the real one, which gets its name only when it is complete. */
async function initialise({ data, binaries, runAs, password }: ServerPlace, making: string, durable: boolean): Promise<void> {
  const passwordFile = `${making}.password`
  mkdirSync(making, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (runAs) for (const path of [making, passwordFile]) chownSync(path, runAs.uid, runAs.gid)
  try {
    // The builtin provider sorts the same on every machine, whatever locales are installed.
    const how = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=scram-sha-256']
    await promisify(execFile)(
      binaries.initdb,
      [
        '-D',
        making,
        '-U',
        'postgres',
        `--pwfile=${passwordFile}`,
        ...how,
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ],
      { cwd: making, env: asProcessEnv(childEnvironment()), windowsHide: true, ...(runAs ?? {}) },
    )
    renameSync(making, data)
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim()
    throw new Error(`PostgreSQL could not make its data folder: ${said || (error as Error).message}`)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(making, { recursive: true, force: true })
  }
}

async function finishStart({ place, credentials, portFile }: Made, running: Postmaster, keeper: Say | null): Promise<Cluster> {
  let { pid } = running
  const { port } = running
  const stopping = new AbortController()
  writeFileSync(portFile, String(port))
  chmodSync(portFile, 0o644)
  await asSuperuser(port, credentials.superuser, async (sql) => {
    const [found] = await sql`select 1 from pg_roles where rolname = 'parley'`
    // Statements that define a role take no parameters; the password is hexadecimal.
    if (!found) await sql.unsafe(`create role parley login createdb nosuperuser password '${credentials.parley}'`)
  })

  /** Ends early when stopping; keeps nobody alive. */
  const pause = (ms: number) => delay(ms, undefined, { ref: false, signal: stopping.signal }).catch(() => {})

  const keep = async (say: Say): Promise<void> => {
    while (!stopping.signal.aborted) {
      await pause(500)
      if (stopping.signal.aborted || isAlive(pid)) continue
      say('PostgreSQL died; starting it again')
      try {
        const again = (await adopt(place)) ?? (await startPostmaster(place, port))
        if (again.port !== port) throw new Error(`its port ${port} was taken meanwhile; stop Parley and start it again`)
        pid = again.pid
        // `stop` came while it was starting.
        if (stopping.signal.aborted) await stopPostmaster(pid, place)
      } catch (error) {
        say(`PostgreSQL could not be started again: ${(error as Error).message}`)
        await pause(2_000)
      }
    }
  }
  const kept = keeper ? keep(keeper) : Promise.resolve()

  return {
    adminUrl: superuserUrl(port, credentials.superuser),
    url: (database) => `postgres://parley:${credentials.parley}@127.0.0.1:${port}/${database}`,
    port,
    stop: async (how = {}) => {
      stopping.abort()
      await stopPostmaster(pid, place, how)
      await kept
    },
  }
}
