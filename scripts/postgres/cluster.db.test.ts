import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isAlive } from '../process-identity.ts'
import { type Cluster, ensureDatabase, startCluster, startTemporaryCluster } from './cluster.ts'
import { findPostmaster } from './server.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const isRoot = process.getuid?.() === 0

let project: string
let dataDir: string
let cluster: Cluster | null = null

beforeEach(() => {
  // Private, as a folder under /root would be.
  project = mkdtempSync(join(tmpdir(), 'parley-cluster-'))
  dataDir = join(project, '.data', 'postgres')
})

afterEach(async () => {
  await cluster?.stop()
  cluster = null
  if (existsSync(dataDir)) rmSync(realpathSync(dataDir), { recursive: true, force: true })
  rmSync(project, { recursive: true, force: true })
})

async function ask(url: string, question: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe(question)
    return String(Object.values(row ?? {})[0])
  } finally {
    await sql.end()
  }
}

const bornAt = (at: Cluster) => ask(at.adminUrl, 'select pg_postmaster_start_time()::text')
const folderOf = () => join(realpathSync(dataDir), 'data')

it('makes a cluster that only this machine can reach, and keeps data, passwords and port', async () => {
  const said: string[] = []
  cluster = await startCluster({ dataDir, log: (line) => said.push(line) })
  await ensureDatabase(cluster, 'parley')
  await ensureDatabase(cluster, 'parley')
  expect(said).toContain('making the database (only the first time)')
  expect(await ask(cluster.url('parley'), `select rolsuper or rolbypassrls from pg_roles where rolname = current_user`)).toBe(
    'false',
  )
  expect(await ask(cluster.url('parley'), 'show server_encoding')).toBe('UTF8')
  expect(await ask(cluster.url('parley'), 'show listen_addresses')).toBe('127.0.0.1')
  expect(await ask(cluster.url('parley'), 'show password_encryption')).toBe('scram-sha-256')
  expect(await ask(cluster.url('parley'), 'show fsync')).toBe('on')
  await ask(cluster.url('parley'), 'create table kept as select 42 as answer')
  expect(statSync(join(realpathSync(dataDir), 'credentials.json')).mode & 0o777).toBe(0o600)
  if (isRoot) expect(lstatSync(dataDir).isSymbolicLink()).toBe(true)
  const { port } = cluster
  await cluster.stop()
  expect(findPostmaster(folderOf())).toBeNull()
  cluster = await startCluster({ dataDir })
  expect(cluster.port).toBe(port)
  expect(await ask(cluster.url('parley'), 'select answer from kept')).toBe('42')
})

it('refuses a wrong password', async () => {
  cluster = await startCluster({ dataDir })
  await expect(ask(cluster.url('postgres').replace(/parley:[0-9a-f]+@/, 'parley:guess@'), 'select 1')).rejects.toThrow(/password/)
})

it('adopts the server of a process that was killed', async () => {
  const source = `const { startCluster } = await import(${JSON.stringify(new URL('./cluster.ts', import.meta.url).href)})
    await startCluster({ dataDir: ${JSON.stringify(dataDir)} })
    console.log('up')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error('the child ended before its server was up')))
  })
  child.removeAllListeners('exit')
  const orphan = findPostmaster(folderOf())
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  expect(orphan && isAlive(orphan.pid)).toBe(true)
  cluster = await startCluster({ dataDir })
  expect(findPostmaster(folderOf())).toEqual(orphan)
  await cluster.stop()
  expect(orphan && isAlive(orphan.pid)).toBe(false)
})

it.each([
  ['of a process that is gone', 2 ** 22 - 3],
  ['whose number another process has now', process.pid],
])('starts in spite of a postmaster.pid %s', async (_, pid) => {
  cluster = await startCluster({ dataDir })
  await cluster.stop()
  writeFileSync(join(folderOf(), 'postmaster.pid'), `${pid}\n${folderOf()}\n1\n${cluster.port}\n\n127.0.0.1\n`)
  cluster = await startCluster({ dataDir })
  expect(await ask(cluster.adminUrl, 'select 1')).toBe('1')
})

it('does the making again when it was killed in the middle', async () => {
  cluster = await startCluster({ dataDir })
  await cluster.stop()
  const folder = realpathSync(dataDir)
  rmSync(join(folder, 'data'), { recursive: true })
  mkdirSync(join(folder, 'data.making-1', 'base'), { recursive: true })
  writeFileSync(join(folder, 'data.making-1', 'PG_VERSION'), '18\n')
  cluster = await startCluster({ dataDir })
  expect(await ask(cluster.url('postgres'), 'select 1')).toBe('1')
  expect(existsSync(join(folder, 'data.making-1'))).toBe(false)
})

it('starts a server again that was killed, on the same port', async () => {
  const said: string[] = []
  cluster = await startCluster({ dataDir, keepRunning: true, log: (line) => said.push(line) })
  const before = await bornAt(cluster)
  process.kill(findPostmaster(folderOf())!.pid, 'SIGKILL')
  await vi.waitFor(async () => expect(await bornAt(cluster!)).not.toBe(before), { timeout: 30_000, interval: 100 })
  expect(said).toContain('PostgreSQL died; starting it again')
})

it('takes another port when the remembered one is taken', async () => {
  cluster = await startCluster({ dataDir })
  await cluster.stop()
  const other = await startTemporaryCluster()
  try {
    writeFileSync(join(realpathSync(dataDir), 'port'), String(other.port))
    cluster = await startCluster({ dataDir })
    expect(cluster.port).not.toBe(other.port)
  } finally {
    await other.stop()
  }
})

it('removes what a killed run left behind', async () => {
  const source = `const { startTemporaryCluster } = await import(${JSON.stringify(new URL('./cluster.ts', import.meta.url).href)})
    const { adminUrl } = await startTemporaryCluster()
    console.log(adminUrl)
    process.kill(process.pid, 'SIGKILL')`
  let printed = ''
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
  } catch (error) {
    printed = (error as { stdout: string }).stdout.trim()
  }
  const folder = await ask(printed, 'show data_directory')
  const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
  expect(isAlive(pid)).toBe(true)
  const next = await startTemporaryCluster()
  try {
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
    expect(await ask(next.url('postgres'), 'show fsync')).toBe('off')
  } finally {
    await next.stop()
  }
})

it('gives a copied folder a database of its own, and a moved one its old', async () => {
  if (!isRoot) return
  cluster = await startCluster({ dataDir })
  await ensureDatabase(cluster, 'parley')
  await cluster.stop()
  const copy = `${project}-copy`
  const moved = `${project}-moved`
  const copied = join(copy, '.data', 'postgres')
  const movedDir = join(moved, '.data', 'postgres')
  try {
    execFileSync('cp', ['-a', project, copy])
    cluster = await startCluster({ dataDir: copied })
    expect(await ask(cluster.adminUrl, `select count(*) from pg_database where datname = 'parley'`)).toBe('0')
    await cluster.stop()
    execFileSync('mv', [project, moved])
    cluster = await startCluster({ dataDir: movedDir })
    expect(await ask(cluster.adminUrl, `select count(*) from pg_database where datname = 'parley'`)).toBe('1')
  } finally {
    await cluster?.stop()
    cluster = null
    for (const at of [copied, movedDir]) if (existsSync(at)) rmSync(realpathSync(at), { recursive: true, force: true })
    for (const folder of [copy, moved]) rmSync(folder, { recursive: true, force: true })
  }
})
