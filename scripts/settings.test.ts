import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEnv } from '../lib/env.ts'
import { readOrMakeSecrets } from './secrets.ts'
import { childEnv, localUrl, readSettings } from './settings.ts'

describe('readSettings', () => {
  it('needs nothing for local use', () => {
    expect(readSettings({ PORT: '' })).toEqual({
      host: '127.0.0.1',
      port: null,
      sandboxPort: null,
      databaseUrl: null,
      appUrl: null,
      sandbox: true,
    })
  })

  it.each([
    ['PORT', 'web'],
    ['PORT', '70000'],
    ['SANDBOX_PORT', '-1'],
    ['DATABASE_URL', 'mysql://secret-word@here'],
    ['DATABASE_URL', 'postgres://parley:secret-word#1@here/parley'],
    ['DATABASE_URL', 'postgres://parley:secret-word%@here/parley'],
    ['APP_URL', 'parley.example'],
    ['APP_URL', 'localhost:3000'],
    ['APP_URL', 'https://parley.example/?from=me'],
    ['INSTAGRAM_GRAPH_URL', 'localhost:3100'],
    ['SANDBOX', 'yes'],
    ['LOG_LEVEL', 'loud'],
    ['AUTH_SECRET', 'too-short'],
    ['ENCRYPTION_KEYS', 'bm90IDMyIGJ5dGVz'],
    ['WORKER_CONCURRENCY', '0'],
    ['WORKER_CONCURRENCY', 'many'],
    ['GRAPH_VERSION', '26'],
  ])('says in one sentence that %s=%s is wrong, how to mend it, and not its value', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name} is wrong: .+[.]$`))
    try {
      readSettings({ [name]: value })
    } catch (error) {
      const { message } = error as Error
      expect(message.split('\n')).toHaveLength(1)
      expect(message).toMatch(/unset it to use/)
      expect(message).not.toMatch(/secret-word|Invalid|expected/)
    }
  })

  it.each(['postgresql://u:100%25@here/parley?sslmode=require', 'postgres://u:p@one:1,two:2/parley', 'postgres:///parley'])(
    'takes %s as the driver does',
    (url) => {
      expect(readSettings({ DATABASE_URL: url }).databaseUrl).toBe(url)
    },
  )

  it('names every wrong setting at once', () => {
    expect(() => readSettings({ PORT: 'x', SANDBOX_PORT: 'y', SANDBOX: 'z' })).toThrow(
      /PORT is wrong[\s\S]*SANDBOX is wrong[\s\S]*SANDBOX_PORT is wrong/,
    )
  })

  it.each([
    ['on by itself', {}, true],
    ['off when a Meta app is there', { META_APP_ID: '1' }, false],
    ['off when an Instagram app is there', { INSTAGRAM_APP_ID: '1' }, false],
    ['off when others can reach us', { HOST: '0.0.0.0' }, false],
    ['off behind a public address', { APP_URL: 'https://parley.example' }, false],
    ['on when told so', { SANDBOX: 'on', META_APP_ID: '1', HOST: '0.0.0.0' }, true],
    ['off when told so', { SANDBOX: 'off' }, false],
  ])('has the sandbox %s, whatever NODE_ENV says', (_, source, expected) => {
    expect(readSettings({ ...source, NODE_ENV: 'production' }).sandbox).toBe(expected)
    expect(readSettings({ ...source, NODE_ENV: 'development' }).sandbox).toBe(expected)
  })
})

it.each([
  ['127.0.0.1', 'http://127.0.0.1:3000'],
  ['0.0.0.0', 'http://127.0.0.1:3000'],
  ['::', 'http://127.0.0.1:3000'],
  ['::1', 'http://[::1]:3000'],
  ['parley.local', 'http://parley.local:3000'],
])('a server on %s is opened at %s', (host, url) => {
  expect(localUrl(host, 3000)).toBe(url)
})

describe('secrets', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-secrets-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('are made once, readable by nobody else', () => {
    const first = readOrMakeSecrets(join(folder, '.data'))
    expect(readOrMakeSecrets(join(folder, '.data'))).toEqual(first)
    expect(statSync(join(folder, '.data', 'secrets.json')).mode & 0o777).toBe(0o600)
    expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length)
  })

  it('of later versions are added to those that are there', () => {
    const { META_VERIFY_TOKEN, ...older } = readOrMakeSecrets(folder)
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify(older))
    const now = readOrMakeSecrets(folder)
    expect(now).toMatchObject(older)
    expect(now.META_VERIFY_TOKEN).not.toBe(META_VERIFY_TOKEN)
  })

  it('are not made anew over a file that is broken', () => {
    writeFileSync(join(folder, 'secrets.json'), '{"AUTH')
    expect(() => readOrMakeSecrets(folder)).toThrow(/cannot be read as JSON/)
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).toBe('{"AUTH')
  })

  const decided = { databaseUrl: 'postgres://x', port: 3001, appUrl: 'http://127.0.0.1:3001', mode: 'production' as const }

  it('fill in what the environment does not give, so that every child starts', () => {
    const secrets = readOrMakeSecrets(folder)
    const source = { AUTH_SECRET: 'a'.repeat(32), META_VERIFY_TOKEN: '', LANG: 'C' }
    const env = childEnv(source, readSettings(source), secrets, {
      ...decided,
      sandboxUrl: 'http://127.0.0.1:3100',
      sandboxPort: 3100,
    })
    expect(env).toMatchObject({
      AUTH_SECRET: source.AUTH_SECRET,
      META_VERIFY_TOKEN: secrets.META_VERIFY_TOKEN,
      LANG: 'C',
      SANDBOX: 'on',
    })
    expect(readEnv(env)).toMatchObject({ PORT: 3001, APP_URL: 'http://127.0.0.1:3001', SANDBOX: 'on' })
  })

  it('say nothing of a sandbox while it is off', () => {
    const env = childEnv({ SANDBOX_PORT: '3100' }, readSettings({ SANDBOX: 'off' }), readOrMakeSecrets(folder), {
      ...decided,
      sandboxUrl: null,
      sandboxPort: null,
    })
    expect(Object.keys(env).filter((name) => name.startsWith('SANDBOX'))).toEqual(['SANDBOX'])
    expect(env.SANDBOX).toBe('off')
  })
})
