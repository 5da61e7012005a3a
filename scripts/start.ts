import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build, bundleOf, isBuilt } from './build.ts'
import { bundleForDevelopment, developmentBundleOf } from './dev.ts'
import { isHolder, type Lock, takeLock } from './launcher-lock.ts'
import { reservePort } from './ports.ts'
import { type Cluster, ensureDatabase, startCluster } from './postgres/cluster.ts'
import { checkDatabase, runMigrations } from './prepare-database.ts'
import {
  DATABASE,
  dataFolderOf,
  lockFileOf,
  readKilledInfo,
  readRuntimeInfo,
  removeRuntimeInfo,
  writeRuntimeInfo,
} from './runtime-info.ts'
import { readOrMakeSecrets } from './secrets.ts'
import { childEnv, loadDotEnv, localUrl, readSettings, type Settings } from './settings.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

export type Mode = 'production' | 'development'

const READY_MS = { production: 120_000, development: 300_000 }
const MAX_EARLY_DEATHS = 5
/** How long web, worker and sandbox may take to finish what they do. */
const DRAIN_MS = 10_000
const LOCK_PATIENCE_MS = 60_000
/** npm hands Ctrl-C on to us, and the terminal sends it too: two within this time are one. */
const SAME_KEY_MS = 800

const say = (line: string) => console.log(`  ${line}`)

/** What runs so far, in the order in which it was started. */
interface Running {
  lock: Lock | null
  cluster: Promise<Cluster> | null
  supervisor: Supervisor | null
  isStopping: boolean
}

/** `npm start` and `npm run dev`. Resolves when Parley is ready; the process lives on until it is told to stop. */
export async function launch(root: string, mode: Mode): Promise<void> {
  const running: Running = { lock: null, cluster: null, supervisor: null, isStopping: false }
  // Nobody reads any more: a closed terminal, or a pipe that had enough. Parley goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  stopOnSignals(root, running)
  try {
    await start(root, mode, running)
  } catch (error) {
    // Told to stop while starting: what fails then fails because of that.
    if (running.isStopping) return
    running.isStopping = true
    console.error(error instanceof Error ? error.message : error)
    await stopAll(root, running)
    process.exit(1)
  }
}

async function start(root: string, mode: Mode, running: Running): Promise<void> {
  const startedAt = Date.now()
  loadDotEnv(root)
  const settings = readSettings(process.env)
  running.lock = await takeFolder(root)
  const secrets = readOrMakeSecrets(dataFolderOf(root))
  const { host } = settings
  const { web, sandbox } = await reservePorts(root, settings)

  let { databaseUrl } = settings
  // Before the build, which takes long to get to a setting that is wrong.
  if (databaseUrl) await checkDatabase(databaseUrl, say)
  if (mode === 'production' && !isBuilt(root)) await build(root, say)
  if (!databaseUrl) {
    running.cluster = startEmbedded(root)
    databaseUrl = (await running.cluster).url(DATABASE)
  }

  const url = localUrl(host, web.port)
  const sandboxUrl = sandbox ? localUrl('127.0.0.1', sandbox.port) : null
  const decided = {
    databaseUrl,
    port: web.port,
    appUrl: settings.appUrl ?? url,
    sandboxUrl,
    sandboxPort: sandbox?.port ?? null,
    mode,
  }
  const env = childEnv(process.env, settings, secrets, decided)
  const names = ['web', 'worker', ...(sandbox ? ['sandbox'] : [])]

  const ready = new Set<string>()
  const supervisor = createSupervisor({ say, drainMs: DRAIN_MS, onReady: (name) => ready.add(name) })
  running.supervisor = supervisor
  const bundles = mode === 'development' ? developmentBundleOf : bundleOf
  if (mode === 'development') await bundleForDevelopment(root, { say, onChange: (name) => supervisor.restart(name) })
  await runMigrations(bundles(root, 'migrate'), root, env, say)

  if (running.isStopping) return
  writeRuntimeInfo(root, { url, sandboxUrl, databaseUrl })
  await Promise.all([web.release(), sandbox?.release()])
  for (const name of names) {
    supervisor.start({
      name,
      args: ['--enable-source-maps', bundles(root, name)],
      env: { ...env, PARLEY_PROCESS: name },
      cwd: root,
    })
  }
  await waitUntilReady({ url, names, ready, supervisor, limitMs: READY_MS[mode] })
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  console.log(`\n  Parley is ready after ${seconds} s:  ${settings.appUrl ?? url}\n  Stop it with Ctrl-C.\n`)
}

/** After a kill, its processes are about to leave their ports: those are waited for, so that addresses stay what they were. */
async function reservePorts(root: string, { host, port, sandbox, sandboxPort }: Settings) {
  const killed = readKilledInfo(root)
  const patienceMs = killed ? DRAIN_MS : 0
  const before = (url: string | null | undefined, otherwise: number) => (url ? Number(new URL(url).port) || otherwise : otherwise)
  const web = await reservePort({ name: 'PORT', given: port, from: before(killed?.url, 3000), host, patienceMs })
  if (!sandbox) return { web, sandbox: null }
  const from = before(killed?.sandboxUrl, 3100)
  return { web, sandbox: await reservePort({ name: 'SANDBOX_PORT', given: sandboxPort, from, host: '127.0.0.1', patienceMs }) }
}

/** One launcher a folder. A command that has the database for a moment is waited for. */
async function takeFolder(root: string): Promise<Lock> {
  const from = Date.now()
  for (let hasSpoken = false; ; ) {
    const taken = takeLock(lockFileOf(root), 'launcher')
    if (!isHolder(taken)) return taken
    if (taken.kind === 'launcher') {
      const where = readRuntimeInfo(root)
      throw new Error(
        `Parley already runs in this folder (process ${taken.pid})${where ? ` at ${where.url}` : ' and is just starting'}. Open that, or stop it first.`,
      )
    }
    if (Date.now() - from > LOCK_PATIENCE_MS)
      throw new Error(`A command (process ${taken.pid}) still uses the database of this folder. Stop it first.`)
    if (!hasSpoken) say(`waiting for a command (process ${taken.pid}) that uses the database`)
    hasSpoken = true
    await delay(200)
  }
}

async function startEmbedded(root: string): Promise<Cluster> {
  say('starting PostgreSQL')
  const cluster = await startCluster({ dataDir: join(dataFolderOf(root), 'postgres'), log: say, keepRunning: true })
  await ensureDatabase(cluster, DATABASE)
  return cluster
}

interface Wait {
  url: string
  names: string[]
  ready: Set<string>
  supervisor: Supervisor
  limitMs: number
}

/** Every process has said that it works, and /api/ready agrees. */
async function waitUntilReady({ url, names, ready, supervisor, limitMs }: Wait): Promise<void> {
  const until = Date.now() + limitMs
  say(`starting ${names.join(', ')}`)
  let answer = 'no answer yet'
  let speakAt = Date.now() + 10_000
  while (Date.now() < until) {
    if (names.every((name) => ready.has(name))) {
      const { ok, text } = await ask(`${url}/api/ready`)
      if (ok) return
      answer = text
    }
    const failing = names.find((name) => !ready.has(name) && supervisor.restarts(name) >= MAX_EARLY_DEATHS)
    if (failing) throw new Error(`Parley could not be started: ${failing} keeps ending. Its last words are above.`)
    if (Date.now() > speakAt) {
      speakAt += 10_000
      const awaited = names.filter((name) => !ready.has(name))
      say(awaited.length > 0 ? `waiting for ${awaited.join(', ')}` : `waiting: ${answer}`)
    }
    await delay(100)
  }
  throw new Error(`Parley did not become ready within ${limitMs / 1000} s: ${answer}`)
}

async function ask(url: string): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30_000), redirect: 'error' })
    return { ok: response.ok, text: (await response.text()).slice(0, 500) }
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) }
  }
}

/** In the reverse order of starting: web, worker and sandbox finish what they do, then the database ends. */
async function stopAll(root: string, { lock, cluster, supervisor }: Running, how: { immediate?: boolean } = {}): Promise<void> {
  if (how.immediate) supervisor?.kill()
  else await supervisor?.stop()
  await cluster?.then(
    (started) => started.stop(how),
    () => {},
  )
  if (!lock) return
  removeRuntimeInfo(root)
  lock.release()
}

function stopOnSignals(root: string, running: Running): void {
  let firstAt = 0
  const stop = (signal: NodeJS.Signals) => {
    const now = Date.now()
    if (firstAt === 0) {
      firstAt = now
      running.isStopping = true
      console.log('')
      say(`stopping${signal === 'SIGINT' ? ' (Ctrl-C again: at once)' : ''}`)
      void stopAll(root, running).then(() => process.exit(0))
    } else if (now - firstAt > SAME_KEY_MS) {
      void stopAll(root, running, { immediate: true }).then(() => process.exit(130))
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))
}
