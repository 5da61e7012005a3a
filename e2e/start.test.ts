import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from './processes'

/*
 * `npm start` as a newcomer has it, in a folder of its own: a copy of this one, built already, without any data.
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const notCopied = new Set(['node_modules', '.data', '.git', 'cache'])

let folder = ''
let url = ''
let env = process.env
let launcher: ChildProcess | undefined
let said = ''

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'parley-start-'))
  for (const name of readdirSync(root)) {
    if (!notCopied.has(name))
      cpSync(join(root, name), join(folder, name), { recursive: true, filter: (from) => !/[/\\]cache$/.test(from) })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  env = { ...process.env, PORT: String(port), SANDBOX_PORT: String(await freePort()) }
  for (const name of ['DATABASE_URL', 'NODE_ENV', 'ENCRYPTION_KEYS', 'APP_URL', 'VITEST']) delete env[name]
})

afterAll(async () => {
  if (isRunning()) await end('SIGINT')
  const data = join(folder, '.data', 'postgres')
  // As root the database lives elsewhere, and this is a link to it.
  if (existsSync(data)) rmSync(realpathSync(data), { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

const isRunning = () => launcher !== undefined && launcher.exitCode === null && launcher.signalCode === null

function start(): void {
  said = ''
  const child = spawn(process.execPath, ['scripts/start.mjs'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const keep = (part: Buffer) => {
    said = (said + part.toString()).slice(-8_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  launcher = child
}

async function end(signal: NodeJS.Signals): Promise<number | null> {
  const child = launcher as ChildProcess
  const closed = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill(signal)
  return closed
}

const isReady = async () => {
  if (!isRunning()) throw new Error(`npm start ended:\n${said}`)
  return said.includes('is ready') && (await fetch(`${url}/api/ready`)).ok
}
const answers = () =>
  fetch(`${url}/api/health`).then(
    () => true,
    () => false,
  )

it('starts, starts again after a kill -9, and stops in good order', async () => {
  start()
  await expect.poll(isReady, { timeout: 120_000, interval: 100 }).toBe(true)
  expect(said).toContain(url)
  expect(said).not.toMatch(/building/)

  await end('SIGKILL')
  start()
  await expect.poll(isReady, { timeout: 120_000, interval: 100 }).toBe(true)
  expect(said).not.toContain('making the database')

  expect(await end('SIGINT')).toBe(0)
  expect(await answers()).toBe(false)
})
