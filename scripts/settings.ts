import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Env, readEnv } from '../lib/env.ts'
import type { Environment } from './environment.ts'
import { isLoopback } from './ports.ts'
import type { Secrets } from './secrets.ts'

type Source = Record<string, string | undefined>

/** What the launcher decides from, before anything is started. */
export interface Settings {
  host: string
  /** Null: not given, so a free one may be chosen. */
  port: number | null
  sandboxPort: number | null
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null
  /** Null: not given, so it follows from host and port. */
  appUrl: string | null
  sandbox: boolean
}

const SandboxPort = z.coerce.number().int().min(0).max(65_535).optional()
/** Stands in while the launcher has not made one: it has the right shape, so it adds no sentence. */
const PLACEHOLDERS = { DATABASE_URL: 'postgres://embedded', ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64') }

const given = (source: Source, name: string): boolean => source[name] !== undefined && source[name] !== ''

/** @throws Error with one sentence a wrong setting. */
export function readSettings(source: Source): Settings {
  const sentences: string[] = []
  const held = Object.entries(source).filter(([, value]) => value !== undefined && value !== '')
  let env: Env | undefined
  try {
    env = readEnv({ ...PLACEHOLDERS, ...Object.fromEntries(held) })
  } catch (error) {
    sentences.push((error as Error).message)
  }
  const sandboxPort = SandboxPort.safeParse(source.SANDBOX_PORT || undefined)
  if (!sandboxPort.success)
    sentences.push('SANDBOX_PORT is wrong: must be a port, 0 to 65535. Change it, or unset it to use a free one.')
  if (!env || sentences.length > 0) throw new Error(sentences.join('\n'))

  const appUrl = given(source, 'APP_URL') ? env.APP_URL : null
  const isLocal = isLoopback(env.HOST) && (appUrl === null || isLoopback(new URL(appUrl).hostname))
  const hasMetaApp = Boolean(env.META_APP_ID || env.INSTAGRAM_APP_ID)
  return {
    host: env.HOST,
    port: given(source, 'PORT') ? env.PORT : null,
    sandboxPort: sandboxPort.data ?? null,
    databaseUrl: given(source, 'DATABASE_URL') ? env.DATABASE_URL : null,
    appUrl,
    sandbox: env.SANDBOX ? env.SANDBOX === 'on' : isLocal && !hasMetaApp,
  }
}

/** Settings written into a `.env` file count as if they were in the environment, which wins. */
export function loadDotEnv(root: string): void {
  const file = join(root, '.env')
  if (existsSync(file)) process.loadEnvFile(file)
}

/** Where a browser on this machine finds a server: an address that means "all" is not one to open. */
export function localUrl(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

interface Decided {
  databaseUrl: string
  port: number
  appUrl: string
  /** Null: the sandbox is off. */
  sandboxUrl: string | null
  sandboxPort: number | null
  mode: 'production' | 'development'
}

/** The environment of every child: what was given, and what the launcher decided or made. */
export function childEnv(source: Source, settings: Settings, secrets: Secrets, decided: Decided): Environment {
  const kept: Environment = {}
  for (const [name, value] of Object.entries(source)) if (value && !name.startsWith('SANDBOX_')) kept[name] = value
  const sandbox: Environment = decided.sandboxUrl
    ? { SANDBOX_URL: decided.sandboxUrl, SANDBOX_PORT: String(decided.sandboxPort) }
    : {}
  return {
    ...secrets,
    ...kept,
    ...sandbox,
    NODE_ENV: decided.mode,
    // Nothing is fetched from or sent to anywhere at run time.
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: decided.databaseUrl,
    HOST: settings.host,
    PORT: String(decided.port),
    APP_URL: decided.appUrl,
    SANDBOX: decided.sandboxUrl ? 'on' : 'off',
  }
}
