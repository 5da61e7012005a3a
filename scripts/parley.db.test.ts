import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticateApiKey } from '@/lib/accounts/api-keys'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { bundleOptions } from './build'

const root = fileURLToPath(new URL('..', import.meta.url))
let fresh: FreshDatabase
let folder: string
beforeAll(async () => {
  fresh = await freshDatabase()
  // Below the project, where the packages are found; by a name of its own, for nothing that runs here may change.
  folder = mkdtempSync(join(root, 'node_modules', '.parley-command-'))
  const entry = { in: join(root, 'scripts', 'parley.ts'), out: 'parley' }
  await build({ ...bundleOptions(root), entryPoints: [entry], outdir: folder })
  await stop()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await fresh.close()
})

interface Ran {
  code: number | null
  out: string
  err: string
}

/** With keys of its own, so that the command makes none in the project's folder. */
const environment = (): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PATH: process.env.PATH,
  DATABASE_URL: fresh.url,
  ENCRYPTION_KEYS: Buffer.alloc(32, 1).toString('base64'),
})

/** The command as a process of its own, in an empty folder, on the test's database. */
function parley(args: string[], { stdin = '', env = {} }: { stdin?: string; env?: Record<string, string> } = {}): Promise<Ran> {
  const cwd = mkdtempSync(join(tmpdir(), 'parley-command-'))
  const child = spawn(process.execPath, [join(folder, 'parley.mjs'), ...args], {
    cwd,
    env: { ...environment(), ...env },
  })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (part) => (ran.out += part))
  child.stderr.on('data', (part) => (ran.err += part))
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      rmSync(cwd, { recursive: true, force: true })
      resolve({ ...ran, code })
    })
  })
}

const file = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const document = {
  schemaVersion: 1,
  name: 'Greeting',
  nodes: [
    {
      id: 'start',
      kind: 'keyword',
      position: { x: 0, y: 0 },
      data: { phrases: [{ id: 'p1', text: 'hi' }], match: 'word', always: false, reentry: 'restart' },
    },
    { id: 'pause', kind: 'wait', position: { x: 100, y: 0 }, data: { mode: 'for', minutes: 90 } },
    { id: 'say', kind: 'message', position: { x: 200, y: 0 }, data: { bubbles: [{ id: 'b1', type: 'text', text: 'Hello' }] } },
  ],
  edges: [
    { id: 'e1', source: 'start', port: 'next', target: 'pause' },
    { id: 'e2', source: 'pause', port: 'next', target: 'say' },
  ],
  variables: [],
  notes: [],
  groups: [],
}

describe('people and keys', () => {
  it('a user with a workspace, a colleague, and a key that works', async () => {
    const ana = ['user', 'create', '--email', 'Ana@example.com', '--name', 'Ana', '--password-stdin']
    expect(await parley([...ana, '--workspace', 'Bakery'], { stdin: 'correct horse\n' })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ana@example.com is owner of the workspace [\da-f-]{36}\n$/),
    })
    expect(await parley([...ana, '--workspace', 'Second'], { stdin: 'correct horse\n' })).toMatchObject({
      code: 1,
      err: 'There is already a user with the e-mail ana@example.com.\n',
    })
    const ben = ['user', 'create', '--email', 'ben@example.com', '--name', 'Ben', '--password-stdin', '--workspace', 'Bakery']
    expect(await parley(ben, { stdin: 'correct horse' })).toMatchObject({ code: 1, err: expect.stringContaining('--role') })
    expect(await parley([...ben, '--role', 'agent'], { stdin: 'correct horse' })).toMatchObject({
      code: 0,
      out: expect.stringContaining('agent'),
    })
    expect(await parley([...ben, '--role', 'boss'], { stdin: 'x' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('no role "boss"'),
    })
    expect(await parley([...ana.slice(0, -1), '--workspace', 'Third'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--password-stdin'),
    })

    const made = await parley(['api-key', 'create', '--workspace', 'Bakery', '--name', 'till', '--role', 'editor'])
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^parley_[\w-]{43}\n$/) })
    expect(await authenticateApiKey(fresh.db, made.out.trim())).toMatchObject({ role: 'editor', actor: { name: 'till' } })
    expect(await parley(['api-key', 'create', '--workspace', 'Nowhere', '--name', 'x'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('no workspace "Nowhere"'),
    })
  })

  it('a flow goes in and comes out as the same bytes', async () => {
    const imported = await parley(['flow', 'import', file('in.json', document), '--workspace', 'Bakery'])
    expect(imported).toMatchObject({ code: 0, out: expect.stringMatching(/^flow_[\w-]+\n$/) })
    const exported = await parley(['flow', 'export', imported.out.trim(), '--workspace', 'Bakery'])
    expect(JSON.parse(exported.out)).toEqual(document)
    const again = await parley(['flow', 'import', file('again.json', exported.out), '--workspace', 'Bakery'])
    expect((await parley(['flow', 'export', again.out.trim(), '--workspace', 'Bakery'])).out).toBe(exported.out)
    expect(await parley(['flow', 'export', 'flow_none', '--workspace', 'Bakery'])).toMatchObject({
      code: 1,
      err: 'There is no such flow.\n',
    })
  })

  it('a file that cannot be written is one sentence', async () => {
    const [flow] = await fresh.sql`select id from flow limit 1`
    expect(await parley(['flow', 'export', flow?.id, '--workspace', 'Bakery', '--out', '/nowhere/out.json'])).toMatchObject({
      code: 1,
      err: '/nowhere/out.json cannot be written (ENOENT).\n',
    })
  })

  it('migrate leaves a database that is up to date alone', async () => {
    // The migrations are the project's, so this one runs from its folder.
    const child = spawn(process.execPath, [join(folder, 'parley.mjs'), 'migrate'], { cwd: root, env: environment() })
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
  })
})

describe('flow check and flow run need no database', () => {
  const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }

  it('check tells what to mend', async () => {
    const good = await parley(['flow', 'check', file('good.json', document)], { env: nowhere })
    expect(good).toMatchObject({ code: 0 })
    const broken = { ...document, edges: [{ id: 'e1', source: 'start', port: 'next', target: 'gone' }] }
    expect(await parley(['flow', 'check', file('broken.json', broken)], { env: nowhere })).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^error /m),
      err: 'The flow has errors and cannot be published.\n',
    })
    expect(await parley(['flow', 'check', file('odd.json', { ...document, colour: 1 })], { env: nowhere })).toMatchObject({
      code: 1,
      err: expect.stringContaining('colour'),
    })
    expect(await parley(['flow', 'check', file('not.json', '{')], { env: nowhere })).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not JSON'),
    })
    expect(await parley(['flow', 'check', 'gone.json'], { env: nowhere })).toMatchObject({
      code: 1,
      err: 'There is no file gone.json.\n',
    })
  })

  it('run prints one step a line, timers included, and the same every time', async () => {
    const events = file('events.jsonl', '{"type":"message","text":"Hi!"}\n\n{"type":"timer","timerId":"wait"}\n')
    const run = () => parley(['flow', 'run', file('run.json', document), '--events', events], { env: nowhere })
    const first = await run()
    expect(first).toMatchObject({ code: 0, err: '' })
    const steps = first.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(steps).toHaveLength(2)
    expect(steps[0].state.run).toMatchObject({ waiting: { for: 'time' } })
    expect(steps[1].event.at - steps[0].event.at).toBe(90 * 60_000)
    const said = steps[1].effects.filter(({ type }: { type: string }) => type === 'send')
    expect(said.at(-1).message).toEqual({ type: 'text', text: 'Hello' })
    expect((await run()).out).toBe(first.out)
  })

  it('run names the line that is no event', async () => {
    const flow = file('run.json', document)
    for (const [lines, words] of [
      ['{"type":"message","text":"hi"}\nnonsense', 'Line 2 is not JSON.'],
      ['{"type":"dance"}', 'Line 1 is not an event'],
      ['7', 'Line 1 is not an event'],
    ] as const) {
      const ran = await parley(['flow', 'run', flow, '--events', file('bad.jsonl', lines)], { env: nowhere })
      expect(ran).toMatchObject({ code: 1, err: expect.stringContaining(words) })
    }
  })
})

it('an unknown command shows the usage and ends with 2; a wrong option is one sentence', async () => {
  expect(await parley(['dance'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/There is no command "dance"[\s\S]*user create/),
  })
  expect(await parley([])).toMatchObject({ code: 2, err: expect.stringContaining('Usage') })
  expect(await parley(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('api-key create') })
  const wrong = await parley(['flow', 'check', 'x', '--colour', 'red'])
  expect([wrong.code, wrong.err.trim().split('\n').length]).toEqual([1, 1])
  expect(await parley(['api-key', 'create', '--name', 'My', 'till'])).toMatchObject({
    code: 1,
    err: '"till" is one word too many; put what has spaces in it in quotes.\n',
  })
  expect(await parley(['migrate', '--force'])).toMatchObject({ code: 1, err: expect.stringContaining('--force') })
  for (const url of ['mysql://here/parley', 'postgres://u:pass#word@here/parley']) {
    const ran = await parley(['api-key', 'create', '--name', 'x'], { env: { DATABASE_URL: url } })
    expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/^DATABASE_URL is wrong: .+\n$/)])
  }
  expect(
    await parley(['api-key', 'create', '--name', 'x'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } }),
  ).toMatchObject({ code: 1, err: expect.stringContaining('does not answer') })
})
