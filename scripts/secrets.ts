import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const makers = {
  AUTH_SECRET: () => randomBytes(32).toString('base64url'),
  ENCRYPTION_KEYS: () => randomBytes(32).toString('base64'),
  META_VERIFY_TOKEN: () => randomBytes(24).toString('base64url'),
} as const
export type SecretName = keyof typeof makers
export type Secrets = Record<SecretName, string>

/**
 * The secrets of this folder, made once. What the environment gives wins over them, but they stay: tokens in the database may
 * have been sealed with them.
 * @throws Error with one sentence when the file cannot be read: making new secrets would make those tokens unreadable.
 */
export function readOrMakeSecrets(dataFolder: string): Secrets {
  const file = join(dataFolder, 'secrets.json')
  const kept = existsSync(file) ? parse(readFileSync(file, 'utf8'), file) : {}
  const missing = (Object.keys(makers) as SecretName[]).filter((name) => !kept[name])
  if (missing.length > 0) {
    for (const name of missing) kept[name] = makers[name]()
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return kept as Secrets
}

function parse(text: string, file: string): Partial<Secrets> {
  try {
    return JSON.parse(text) as Partial<Secrets>
  } catch {
    throw new Error(`${file} cannot be read as JSON; mend it or put back a copy. Without it, stored tokens cannot be decrypted.`)
  }
}
