import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isHolder, takeLock } from './launcher-lock.ts'
import {
  dataFolderOf,
  lockFileOf,
  readKilledInfo,
  readRuntimeInfo,
  removeRuntimeInfo,
  withDatabase,
  writeRuntimeInfo,
} from './runtime-info.ts'

let root: string
const say = () => {}
const info = { url: 'http://127.0.0.1:3000', sandboxUrl: null, databaseUrl: 'postgres://parley:word@127.0.0.1:1/parley' }

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-project-'))
  symlinkSync(join(process.cwd(), 'drizzle'), join(root, 'drizzle'))
  vi.stubEnv('DATABASE_URL', undefined)
  vi.stubEnv('ENCRYPTION_KEYS', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  const cluster = join(root, '.data', 'postgres')
  if (existsSync(cluster)) rmSync(realpathSync(cluster), { recursive: true, force: true })
  rmSync(root, { recursive: true, force: true })
})

it('tells commands what runs here, and hides the password from other users', () => {
  expect(readRuntimeInfo(root)).toBeNull()
  writeRuntimeInfo(root, info)
  expect(readRuntimeInfo(root)).toMatchObject({ ...info, pid: process.pid })
  expect(statSync(join(root, '.data', 'runtime.json')).mode & 0o777).toBe(0o600)
  expect(readKilledInfo(root)).toBeNull()
  removeRuntimeInfo(root)
  expect(readRuntimeInfo(root)).toBeNull()
})

it('does not believe what a killed launcher left behind', () => {
  writeRuntimeInfo(root, info)
  writeFileSync(
    join(root, '.data', 'runtime.json'),
    JSON.stringify({ ...info, pid: process.pid, startTime: 'long ago', root: realpathSync(root) }),
  )
  expect(readRuntimeInfo(root)).toBeNull()
  expect(readKilledInfo(root)).toMatchObject(info)
})

it('does not believe the file of a folder that this one is a copy of', () => {
  writeRuntimeInfo(root, info)
  const file = join(root, '.data', 'runtime.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), root: '/another' }))
  expect(readRuntimeInfo(root)).toBeNull()
  expect(readKilledInfo(root)).toBeNull()
})

it('uses the DATABASE_URL and keys that are given', async () => {
  const keys = Buffer.alloc(32, 1).toString('base64')
  vi.stubEnv('DATABASE_URL', 'postgres://given/x')
  vi.stubEnv('ENCRYPTION_KEYS', keys)
  writeRuntimeInfo(root, info)
  expect(await withDatabase(async (url) => url, { root, say })).toBe('postgres://given/x')
  expect(process.env.ENCRYPTION_KEYS).toBe(keys)
  vi.stubEnv('DATABASE_URL', 'mysql://given/x')
  await expect(withDatabase(async (url) => url, { root, say })).rejects.toThrow(/^DATABASE_URL is wrong: .+[.]$/)
})

it('uses the running launcher’s database, and the keys of the folder', async () => {
  writeRuntimeInfo(root, info)
  expect(await withDatabase(async (url) => url, { root, say })).toBe(info.databaseUrl)
  expect(process.env.DATABASE_URL).toBe(info.databaseUrl)
  expect(Buffer.from(process.env.ENCRYPTION_KEYS ?? '', 'base64')).toHaveLength(32)
  expect(existsSync(lockFileOf(root))).toBe(false)
})

it('waits for a launcher that is just starting', async () => {
  const lock = takeLock(lockFileOf(root), 'launcher')
  if (isHolder(lock)) throw new Error('the folder is new')
  const found = withDatabase(async (url) => url, { root, say })
  await new Promise((resolve) => setImmediate(resolve))
  writeRuntimeInfo(root, info)
  expect(await found).toBe(info.databaseUrl)
  lock.release()
})

it('starts the embedded database for as long as it takes, migrated, for one command after the other', async () => {
  const ask = (url: string) => {
    const sql = postgres(url, { max: 1 })
    return sql<{ workspaces: string }[]>`select count(*) workspaces from workspace`
      .then(([row]) => ({ url, workspaces: row?.workspaces }))
      .finally(() => sql.end())
  }
  const run = () => {
    // Each is a process of its own in life.
    vi.stubEnv('DATABASE_URL', undefined)
    return withDatabase(ask, { root, say })
  }
  const [first, second] = await Promise.all([run(), run()])
  expect([first.workspaces, second.workspaces]).toEqual(['0', '0'])
  expect(existsSync(lockFileOf(root))).toBe(false)
  await expect(ask(first.url)).rejects.toThrow(/ECONNREFUSED/)
  expect(existsSync(join(dataFolderOf(root), 'postgres'))).toBe(true)
})
