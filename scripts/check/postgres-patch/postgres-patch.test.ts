import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/**
 * patches/postgres+3.4.9.patch: what postgres.js does when its connections are lost, with the patch and without it. Each
 * fault is shown on the package as its authors published it too: a scenario that passes there proves nothing, and the day all
 * pass there the patch can go.
 */
const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const installed = join(root, 'node_modules', 'postgres')
const temporary = mkdtempSync(join(realpathSync(tmpdir()), 'parley-postgres-'))
const published = join(temporary, 'node_modules', 'postgres')

/** Scenario, and what goes wrong without the patch. */
const faults = [
  ['a write after the close', "Cannot read properties of null (reading 'write')"],
  ['a cursor that goes on after the close', "Cannot read properties of null (reading 'write')"],
  ['a statement of a transaction after the close', "Cannot read properties of null (reading 'write')"],
  ['a close before a scheduled write', 'CONNECT_TIMEOUT'],
  ['a dead transaction and a new connection', 'a statement left its transaction'],
  ['statements queued inside a transaction', 'hung'],
  ['an end while a connection is lost', 'hung'],
  ["the old backend's last words", 'terminating connection'],
  ['a reset while types are fetched', 'ECONNRESET'],
] as const

/** Empty when the driver behaved, else what it said on its way out. */
async function saidOf(entry: string, scenario: string): Promise<string> {
  const script = fileURLToPath(new URL('./scenario.ts', import.meta.url))
  return run(process.execPath, [script, entry, scenario], { timeout: 30_000 }).then(
    () => '',
    (error: { stderr: string }) => error.stderr || String(error),
  )
}

beforeAll(async () => {
  mkdirSync(join(temporary, 'node_modules'))
  cpSync(installed, published, { recursive: true })
  cpSync(join(root, 'patches'), join(temporary, 'patches'), { recursive: true })
  writeFileSync(join(temporary, 'package.json'), JSON.stringify({ dependencies: { postgres: '3.4.9' } }))
  writeFileSync(join(temporary, 'package-lock.json'), '{}')
  await run(process.execPath, [join(root, 'node_modules', 'patch-package', 'index.js'), '--reverse'], { cwd: temporary })
})
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe.each(faults)('%s', (scenario, fault) => {
  test.each(['src', join('cjs', 'src')])('is survived by the patched %s', async (build) => {
    expect(await saidOf(join(installed, build, 'index.js'), scenario)).toBe('')
  })

  test('is not survived by the published package', async () => {
    expect(await saidOf(join(published, 'src', 'index.js'), scenario)).toContain(fault)
  })
})
