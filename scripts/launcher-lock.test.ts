import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isHolder, type Lock, takeLock } from './launcher-lock.ts'
import { identityOf } from './process-identity.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-lock-'))
  file = join(folder, '.data', 'launcher.lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function take(): Lock {
  const taken = takeLock(file, 'launcher')
  if (isHolder(taken)) throw new Error(`held by ${taken.pid}`)
  return taken
}

it('is held by one at a time and can be taken again after its release', () => {
  const lock = take()
  const second = takeLock(file, 'launcher')
  expect(second).toMatchObject({ ...identityOf(process.pid), kind: 'launcher' })
  lock.release()
  expect(existsSync(file)).toBe(false)
  take().release()
  expect(readdirSync(join(folder, '.data'))).toEqual([])
})

it('names a live holder that is another process', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  try {
    await new Promise((resolve) => child.once('spawn', resolve))
    take().release()
    writeFileSync(
      file,
      JSON.stringify({ ...identityOf(child.pid!), kind: 'command', folder: realpathSync(join(folder, '.data')) }),
    )
    expect(takeLock(file, 'launcher')).toMatchObject({ pid: child.pid, kind: 'command' })
  } finally {
    child.kill('SIGKILL')
  }
})

it.each([
  ['a process that was killed', (at: string) => ({ pid: 2 ** 22 - 3, startTime: '1', kind: 'launcher', folder: at })],
  [
    'an earlier process whose number we have now',
    (at: string) => ({ pid: process.pid, startTime: '1', kind: 'launcher', folder: at }),
  ],
  ['the folder that this one is a copy of', () => ({ ...identityOf(process.pid), kind: 'launcher', folder: '/another' })],
  ['a write that was torn', () => '{"pid":'],
])('is taken over from %s', (_, content) => {
  take().release()
  const left = content(realpathSync(join(folder, '.data')))
  writeFileSync(file, typeof left === 'string' ? left : JSON.stringify(left))
  const lock = take()
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject(identityOf(process.pid))
  lock.release()
})

it('is not removed by a former holder', () => {
  const lock = take()
  writeFileSync(file, 'somebody else')
  lock.release()
  expect(readFileSync(file, 'utf8')).toBe('somebody else')
})
