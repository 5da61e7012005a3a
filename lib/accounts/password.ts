import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** 32 MiB and about 60 ms of one core: dear for somebody who tries words, unnoticed at a sign-in. */
const COST = { N: 2 ** 15, r: 8, p: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** The most a stored hash may ask of us, so that a damaged row cannot exhaust the memory. */
const MAX_MEMORY = 256 * 1024 * 1024

function derive(password: string, salt: Buffer, length: number, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same password typed on two keyboards can differ in composition; NFKC makes them one.
    scrypt(password.normalize('NFKC'), salt, length, { ...cost, maxmem: MAX_MEMORY }, (error, hash) => {
      if (error) reject(error)
      else resolve(hash)
    })
  })
}

/** `scrypt$N$r$p$salt$hash`, the last two in base64url: its parameters travel with it, so they can grow. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, HASH_BYTES, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Constant time over the hash. A stored value that is not one of ours is false, never an error. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt, hash, more] = stored.split('$')
  if (scheme !== 'scrypt' || !n || !r || !p || !salt || !hash || more !== undefined) return false
  const expected = Buffer.from(hash, 'base64url')
  if (expected.length < 16) return false
  try {
    const cost = { N: Number(n), r: Number(r), p: Number(p) }
    return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url'), expected.length, cost), expected)
  } catch {
    return false
  }
}
