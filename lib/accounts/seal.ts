import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readEnv } from '@/lib/env'
import { Secret } from './secret'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Where a sealed value lives. It opens nowhere else, so a row cannot borrow another's token. */
export interface SealedPlace {
  table: string
  column: string
  rowId: string
}

/** 32-byte keys, newest first. */
export type SealingKeys = readonly Buffer[]

let known: { from: string | undefined; keys: SealingKeys } | undefined

/** ENCRYPTION_KEYS of this process. @throws Error with one sentence when the setting is missing or wrong. */
export function sealingKeys(): SealingKeys {
  const from = process.env.ENCRYPTION_KEYS
  if (known === undefined || known.from !== from) {
    known = { from, keys: readEnv().ENCRYPTION_KEYS.map((key) => Buffer.from(key, 'base64')) }
  }
  return known.keys
}

const contextOf = ({ table, column, rowId }: SealedPlace) => Buffer.from(`${table}|${column}|${rowId}`)

/** Tells keys apart without telling anything about them. */
const keyId = (key: Buffer) => createHash('sha256').update('parley sealing key\0').update(key).digest('hex').slice(0, 8)

/** Encrypts under the newest key: `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. */
export function seal(plain: string, place: SealedPlace, keys: SealingKeys = sealingKeys()): string {
  const key = keys[0]
  if (!key) throw new Error('There is no key to seal with; set ENCRYPTION_KEYS.')
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(contextOf(place))
  const box = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return ['v1', keyId(key), nonce.toString('base64url'), box.toString('base64url')].join('.')
}

/** @throws Error when no key of ours sealed it, when it was sealed for another place, or when it was changed since. */
export function open(sealed: string, place: SealedPlace, keys: SealingKeys = sealingKeys()): Secret {
  const [version, id, nonce, box, more] = sealed.split('.')
  if (version !== 'v1' || !id || !nonce || !box || more !== undefined) throw new Error('This is not a sealed value.')
  const key = keys.find((candidate) => keyId(candidate) === id)
  if (!key) throw new Error('The key that sealed this value is not in ENCRYPTION_KEYS; add it at the end of the list.')
  const bytes = Buffer.from(box, 'base64url')
  const nonceBytes = Buffer.from(nonce, 'base64url')
  if (nonceBytes.length !== NONCE_BYTES || bytes.length < TAG_BYTES) throw new Error('This is not a sealed value.')
  try {
    const decipher = createDecipheriv(ALGORITHM, key, nonceBytes, { authTagLength: TAG_BYTES })
    decipher.setAAD(contextOf(place)).setAuthTag(bytes.subarray(-TAG_BYTES))
    return new Secret(Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8'))
  } catch {
    throw new Error('The sealed value was changed, or belongs to another row.')
  }
}
