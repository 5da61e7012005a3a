import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isAlive } from './process-identity.ts'
import { readableLine } from './readable-log.ts'
import { createSupervisor, type Supervisor, type SupervisorOptions } from './supervisor.ts'

let folder: string
let supervisor: Supervisor
let said: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-supervisor-'))
  said = []
})
afterEach(async () => {
  supervisor.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** A child that notes each life and end in files, then does `body`. */
function plan(name: string, body: string) {
  const script = join(folder, `${name}.mjs`)
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs'\nconst note = (word) => appendFileSync(${JSON.stringify(join(folder, name))}, word + '\\n')\nnote('born')\n${body}`,
  )
  return { name, args: [script], env: { PATH: process.env.PATH ?? '' }, cwd: folder }
}

const notesOf = (name: string) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : []
const eventually = <T>(claim: () => T) => vi.waitFor(claim, { timeout: 20_000, interval: 10 })
const start = (options: Partial<SupervisorOptions> = {}) => {
  supervisor = createSupervisor({ say: (line) => said.push(line), firstDelayMs: 5, ...options })
}
const STAY = 'setInterval(() => {}, 1000)'
const bornTimes = (name: string) => notesOf(name).filter((word) => word === 'born').length

it('starts again what dies, by itself or by a signal', async () => {
  start()
  supervisor.start(plan('web', STAY))
  const first = await eventually(() => {
    expect(bornTimes('web')).toBe(1)
    return supervisor.pid('web')!
  })
  process.kill(first, 'SIGKILL')
  await eventually(() => expect(bornTimes('web')).toBe(2))
  expect(supervisor.pid('web')).not.toBe(first)
  expect(said).toEqual(['web ended (SIGKILL); starting it again in 5 ms'])
})

it('waits longer each time, up to a limit', async () => {
  start({ maxDelayMs: 20 })
  supervisor.start(plan('worker', 'process.exit(7)'))
  await eventually(() => expect(said.length).toBeGreaterThanOrEqual(4))
  const delays = said.slice(0, 4).map((line) => Number(/(\d+) ms$/.exec(line)?.[1]))
  expect(delays).toEqual([5, 10, 20, 20])
  expect(said[0]).toBe('worker ended (code 7); starting it again in 5 ms')
})

it('begins with the first delay again after a healthy life', async () => {
  start({ healthyMs: 0 })
  supervisor.start(plan('worker', 'process.exit(1)'))
  await eventually(() => expect(said.length).toBeGreaterThanOrEqual(3))
  expect(new Set(said)).toEqual(new Set(['worker ended (code 1); starting it again in 5 ms']))
})

it('lets all finish what they do, then starts nothing again', async () => {
  start()
  const finishing = `process.on('SIGTERM', () => setTimeout(() => { note('finished'); process.exit(0) }, 100)); note('ready'); ${STAY}`
  supervisor.start(plan('web', finishing))
  supervisor.start(plan('worker', finishing))
  await eventually(() => expect([...notesOf('web'), ...notesOf('worker')].filter((word) => word === 'ready')).toHaveLength(2))
  await supervisor.stop()
  for (const name of ['web', 'worker']) expect(notesOf(name)).toEqual(['born', 'ready', 'finished'])
  expect(said).toEqual([])
})

it('kills who does not finish in time', async () => {
  start({ drainMs: 100 })
  supervisor.start(plan('web', `process.on('SIGTERM', () => {}); note('ready'); ${STAY}`))
  await eventually(() => expect(notesOf('web')).toContain('ready'))
  const pid = supervisor.pid('web')!
  await supervisor.stop()
  expect(isAlive(pid)).toBe(false)
  expect(said).toEqual(['web did not finish within 0.1 s and is killed'])
})

it('stops while something waits to be started again', async () => {
  start({ firstDelayMs: 60_000 })
  supervisor.start(plan('worker', 'process.exit(1)'))
  await eventually(() => expect(said).toHaveLength(1))
  await supervisor.stop()
  expect(bornTimes('worker')).toBe(1)
})

it('changes a process for a new one when its code changed, without counting a death', async () => {
  start()
  supervisor.start(plan('worker', STAY))
  await eventually(() => expect(bornTimes('worker')).toBe(1))
  supervisor.restart('worker')
  await eventually(() => expect(bornTimes('worker')).toBe(2))
  expect(supervisor.restarts('worker')).toBe(0)
  expect(said).toEqual([])
})

it('leaves no process behind when it is killed itself', async () => {
  start()
  const { args } = plan('web', `process.on('disconnect', () => { note('alone'); process.exit(0) }); note('ready'); ${STAY}`)
  const source = `const { createSupervisor } = await import(${JSON.stringify(new URL('./supervisor.ts', import.meta.url).href)})
    createSupervisor({ say: () => {} }).start({ name: 'web', args: ${JSON.stringify(args)}, env: {}, cwd: ${JSON.stringify(folder)} })`
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' })
  await eventually(() => expect(notesOf('web')).toContain('ready'))
  launcher.kill('SIGKILL')
  await eventually(() => expect(notesOf('web')).toEqual(['born', 'ready', 'alone']))
})

it.each([
  ['{"time":"2026-11-21T05:06:07.890Z","level":"info","event":"started","port":3000}', '05:06:07 web started port=3000'],
  ['{"time":"2026-11-21T05:06:07.890Z","level":"error","event":"failed","why":"a b"}', '05:06:07 web ERROR failed why=a b'],
  ['{"half', '{"half'],
  ['{"other":"json"}', '{"other":"json"}'],
  ['plain words', 'plain words'],
])('a log line for a person: %s', (line, readable) => {
  expect(readableLine('web', line)).toBe(readable)
})
