import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rooms } from './import-table.ts'
import { checkImports } from './imports.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** A small house in which every room imports something that it may. */
const house: Record<string, string> = {
  'lib/errors.ts': 'export class AppError extends Error {}',
  'lib/flow/event.ts': "import { z } from 'zod'\nexport const Event = z.object({})\nexport type Event = z.infer<typeof Event>",
  'lib/flow/event.test.ts': "import { expect } from 'vitest'\nimport { Event } from './event'\nexpect(Event).toBeDefined()",
  'lib/flow/step/step.ts': 'export const step = 1',
  'lib/flow/nodes/ask/node.ts': "import { Event } from '../../event'\nexport const ask = Event",
  'lib/flow/nodes/registry.ts': "import { ask } from './ask/node'\nexport const kinds = [ask]",
  'lib/flow/nodes/wait/editor.tsx':
    "import { useId } from 'react'\nimport { Field } from '@/components/ui/field'\nexport const editor = { useId, Field }",
  'lib/db/client.ts':
    "import postgres from 'postgres'\nimport type { Event } from '@/lib/flow/event'\nexport const open = (e: Event) => postgres(String(e))",
  'lib/db/lane-events.ts': "import { open } from './client'\nexport const append = open",
  'lib/db/testing.ts': "import { inject } from 'vitest'\nimport { open } from './client'\nexport const fresh = { inject, open }",
  'lib/instagram/send.ts': "import { Event } from '@/lib/flow/event'\nexport const send = () => Event",
  'lib/accounts/role.ts':
    "import { open } from '@/lib/db/client'\nimport type { Event } from '@/lib/flow/event'\nexport const role = (e: Event) => open(e)",
  'lib/studio/publish.ts':
    "import { role } from '@/lib/accounts/role'\nimport { append } from '@/lib/db/lane-events'\nexport const publish = { role, append }",
  'lib/inbox/reply.ts': "import { append } from '@/lib/db/lane-events'\nexport const reply = append",
  'lib/inbox/reply.db.test.ts':
    "import { fresh } from '@/lib/db/testing'\nimport { reply } from './reply'\nexport { fresh, reply }",
  'lib/inbox/testing.ts':
    "import { fresh } from '@/lib/db/testing'\nimport { reply } from './reply'\nexport const world = { fresh, reply }",
  'lib/runtime/send.ts':
    "import { send } from '@/lib/instagram/send'\nimport { reply } from '@/lib/inbox/reply'\nexport const run = { send, reply }",
  'lib/runtime/main.ts': "import { run } from './send'\nexport const main = run",
  'lib/sandbox/main.ts':
    "import type { Event } from '@/lib/flow/event'\nimport { AppError } from '@/lib/errors'\nexport const main = (e: Event) => new AppError(String(e))",
  'lib/api/flows.ts':
    "import { publish } from '@/lib/studio/publish'\nimport type { open } from '@/lib/db/client'\nexport const flows = publish as unknown as typeof open",
  'lib/queries/flows.ts': "import type { flows } from '@/lib/api/flows'\nexport type Flows = typeof flows",
  'components/ui/field.tsx': "import { useId } from 'react'\nexport const Field = useId",
  'components/builder/canvas.tsx':
    "import type { Flows } from '@/lib/queries/flows'\nimport { Field } from '@/components/ui/field'\nexport const Canvas = Field as unknown as Flows",
  'app/page.tsx':
    "import { Canvas } from '@/components/builder/canvas'\nimport { publish } from '@/lib/studio/publish'\nexport default { Canvas, publish }",
  'scripts/start.ts':
    "import { main } from '../lib/runtime/main'\nimport { main as sandbox } from '../lib/sandbox/main'\nexport const start = [main, sandbox]",
}

let root: string
beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'parley-imports-'))
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'), 'junction')
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(project, file), join(root, file))
  for (const [path, text] of Object.entries(house)) plant(path, text)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), `${text}\n`)
}

test('a house that keeps the rules passes, and every import in it was seen', async () => {
  const report = await checkImports(root)
  expect(report.violations).toEqual([])
  expect(report.files).toBe(Object.keys(house).length)
  expect(report.imports).toBe(
    Object.values(house)
      .join('\n')
      .match(/^import /gm)?.length,
  )
})

test('every room of the table stands in the house', () => {
  const paths = Object.keys(house)
  const builtLater = ['bench', 'e2e']
  const empty = Object.keys(rooms).filter(
    (room) => !builtLater.includes(room) && !paths.some((path) => new RegExp(`^${room}`).test(path)),
  )
  expect(empty).toEqual([])
})

/** File, what is added to it, and the rule that refuses it. */
const forbidden: [string, string, string][] = [
  ['lib/flow/bad.ts', "import { open } from '@/lib/db/client'", 'lib/flow: ours'],
  ['lib/flow/bad.ts', "import { useId } from 'react'", 'lib/flow: packages'],
  ['lib/flow/bad.ts', "import { randomInt } from 'node:crypto'", 'lib/flow: node'],
  ['lib/flow/bad.ts', "const crypto = await import('node:crypto')", 'lib/flow: node'],
  ['lib/flow/bad.test.ts', "import { open } from '@/lib/db/client'", 'lib/flow: ours in tests'],
  [
    'lib/flow/nodes/wait/editor.tsx',
    "import { Canvas } from '@/components/builder/canvas'",
    'lib/flow/nodes/[^/]+/editor\\.tsx: types only',
  ],
  ['lib/flow/nodes/wait/node.ts', "import { ask } from '../ask/node'", 'a kind stands alone'],
  ['lib/flow/nodes/wait/node.ts', "import { kinds } from '../registry'", 'a kind stands alone'],
  ['lib/flow/nodes/wait/node.ts', "import { step } from '../../step/step'", 'a kind stands alone'],
  ['lib/db/bad.ts', "import { Event } from '@/lib/flow/event'", 'lib/db: types only'],
  [
    'lib/db/bad.ts',
    "import type { Event as T } from '@/lib/flow/event'\nimport { Event } from '@/lib/flow/event'",
    'lib/db: types only',
  ],
  ['lib/db/bad.ts', "import { role } from '@/lib/accounts/role'", 'lib/db: ours'],
  ['lib/instagram/bad.ts', "import { open } from '@/lib/db/client'", 'lib/instagram: ours'],
  ['lib/accounts/bad.ts', "import { reply } from '@/lib/inbox/reply'", 'lib/accounts: ours'],
  ['lib/accounts/bad.ts', "import { append } from '@/lib/db/lane-events'", 'lane events have three writers'],
  ['lib/accounts/bad.ts', "export { append } from '@/lib/db/lane-events'", 'lane events have three writers'],
  ['lib/studio/bad.ts', "import { send } from '@/lib/instagram/send'", 'lib/studio: ours'],
  ['lib/inbox/bad.ts', "import { run } from '@/lib/runtime/send'", 'lib/inbox: ours'],
  ['lib/runtime/bad.ts', "import { publish } from '@/lib/studio/publish'", 'lib/runtime: ours'],
  ['lib/runtime/bad.ts', "import { editor } from '@/lib/flow/nodes/wait/editor'", 'no screens in the engine'],
  ['lib/flow/bad.ts', "import { editor } from './nodes/wait/editor'\nexport { editor }", 'no screens in the engine'],
  ['lib/sandbox/bad.ts', "import { Event } from '@/lib/flow/event'", 'lib/sandbox: types only'],
  ['lib/sandbox/bad.ts', "import { open } from '@/lib/db/client'", 'lib/sandbox: ours'],
  ['lib/api/bad.ts', "import { sql } from 'drizzle-orm'", 'lib/api: refused packages'],
  ['lib/api/bad.ts', "import { open } from '@/lib/db/client'", 'lib/api: types only'],
  ['lib/api/bad.ts', "import { main } from '@/lib/runtime/main'", 'processes are started by scripts'],
  ['lib/queries/bad.ts', "import { flows } from '@/lib/api/flows'", 'lib/queries: types only'],
  ['components/ui/bad.tsx', "import type { Event } from '@/lib/flow/event'", 'components/ui: ours'],
  ['components/builder/bad.tsx', "import { publish } from '@/lib/studio/publish'", 'components/(?!ui/): ours'],
  ['app/bad.ts', "import postgres from 'postgres'", 'app: refused packages'],
  ['app/bad.ts', "import { sql } from 'drizzle-orm'", 'app: refused packages'],
  ['app/bad.ts', "import { open } from '@/lib/db/client'", 'app: types only'],
  ['app/bad.ts', "import { main } from '@/lib/sandbox/main'", 'app: ours'],
  ['scripts/bad.ts', "import { useId } from 'react'", 'scripts: refused packages'],
  ['lib/inbox/bad.ts', "import { fresh } from '@/lib/db/testing'", 'test code stays in tests'],
  ['lib/inbox/bad.ts', "import { reply } from './testing'", 'test code stays in tests'],
  ['lib/inbox/bad.ts', "import { test } from 'vitest'", 'test code stays in tests'],
  ['lib/inbox/bad.ts', "import { gone } from './gone'", 'everything is found'],
]

describe('refuses', () => {
  test.each(forbidden)('in %s: %s', async (path, text, rule) => {
    const before = house[path] ?? ''
    plant(path, `${before}\n${text}`)
    // The engine reaches the planted file of the language through one that it uses.
    if (path === 'lib/flow/bad.ts' && rule.includes('screens'))
      plant('lib/runtime/other.ts', "import { editor } from '@/lib/flow/bad'\neditor")
    const { violations } = await checkImports(root)
    expect(violations.join('\n')).toContain(`(${rule})`)
  })

  test('a cycle, and says through which files', async () => {
    plant('lib/inbox/one.ts', "import { two } from './two'\nexport const one = () => two")
    plant('lib/inbox/two.ts', "import { three } from './three'\nexport const two = () => three")
    plant('lib/inbox/three.ts', "import { one } from './one'\nexport const three = () => one")
    const { violations } = await checkImports(root)
    expect(violations.join('\n')).toMatch(/lib\/inbox\/\w+\.ts → .*lib\/inbox\/one\.ts.*\(no cycles\)/)
  })

  test('a cycle of types', async () => {
    plant('lib/inbox/one.ts', "import type { Two } from './two'\nexport type One = Two | 1")
    plant('lib/inbox/two.ts', "import type { One } from './one'\nexport type Two = One | 2")
    expect((await checkImports(root)).violations.join('\n')).toContain('(no cycles)')
  })
})

test('a tree that the tool cannot see is an error, not a success', async () => {
  const empty = mkdtempSync(join(realpathSync(tmpdir()), 'parley-imports-'))
  await expect(checkImports(empty)).rejects.toThrow('nothing was checked')
  rmSync(empty, { recursive: true })
})

test('a text with imports of which none was found is an error', async () => {
  plant('lib/inbox/odd.ts', "/*\nimport { reply } from './reply'\n*/\nexport const odd = 1")
  await expect(checkImports(root)).rejects.toThrow('lib/inbox/odd.ts')
})
