import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { countTests } from './count-tests.ts'

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

test('cases are counted in the report that vitest really writes, broken files and hooks included', async () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'parley-count-'))
  const files = {
    'good.test.mjs': "test('one', () => {})\ntest('two', () => {})\ntest.skip('later', () => {})",
    'bad.test.mjs': "test('three', () => {})\ntest('four', () => { throw new Error('no') })",
    'broken.test.mjs': "import './gone.mjs'\ntest('five', () => {})",
    'hook.test.mjs': "afterAll(() => { throw new Error('left open') })\ntest('six', () => {})",
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const report = join(folder, 'report.json')
  await new Promise((resolve) => {
    const args = [vitest, 'run', '--root', folder, '--globals', '--reporter=json', `--outputFile=${report}`]
    execFile(process.execPath, args, { cwd: folder }, resolve)
  })
  expect(countTests(JSON.parse(readFileSync(report, 'utf8')))).toEqual({ passed: 4, failed: 3 })
  rmSync(folder, { recursive: true, force: true })
})
