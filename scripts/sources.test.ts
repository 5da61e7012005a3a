import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hashSources } from './sources.ts'

let root: string
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-sources-'))
  write('package-lock.json', '{}')
  write('lib/flow/step.ts', 'one')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it.each([
  ['a source', () => write('lib/flow/step.ts', 'two')],
  ['a new source', () => write('app/page.tsx', '')],
  ['the lock file', () => write('package-lock.json', '{ }')],
  ['a name', () => renameSync(join(root, 'lib/flow/step.ts'), join(root, 'lib/flow/steps.ts'))],
])('a build is stale after a change of %s', (_, change) => {
  const before = hashSources(root)
  expect(hashSources(root)).toBe(before)
  change()
  expect(hashSources(root)).not.toBe(before)
})

it('a build is not stale after a change of tests, papers or data', () => {
  const before = hashSources(root)
  write('lib/flow/step.test.ts', 'x')
  write('lib/README.md', 'x')
  write('.data/secrets.json', 'x')
  write('docs/architecture.md', 'x')
  expect(hashSources(root)).toBe(before)
})
