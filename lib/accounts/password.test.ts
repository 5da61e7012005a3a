import { describe, expect, it } from 'vitest'
import { hashPassword, verifyPassword } from './password'

describe('password', () => {
  it('accepts the right one only, and salts each', async () => {
    const stored = await hashPassword('correct horse battery')
    expect(stored).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(await verifyPassword('correct horse battery', stored)).toBe(true)
    expect(await verifyPassword('correct horse batterz', stored)).toBe(false)
    expect(await hashPassword('correct horse battery')).not.toBe(stored)
  })

  it('does not care how an accent was typed', async () => {
    expect(await verifyPassword('cafe\u0301', await hashPassword('caf\u00e9'))).toBe(true)
  })

  it('reads the parameters from the stored value', async () => {
    // RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), its first 32 bytes.
    const hash = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex').toString('base64url')
    const stored = `scrypt$16384$8$1$${Buffer.from('SodiumChloride').toString('base64url')}$${hash}`
    expect(await verifyPassword('pleaseletmein', stored)).toBe(true)
  })

  it.each([
    '',
    'plain',
    'scrypt$32768$8$1$c2FsdA$',
    'scrypt$3$8$1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$1073741824$8$1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAA',
  ])('a stored value that is not ours is no match: %s', async (stored) => {
    expect(await verifyPassword('plain', stored)).toBe(false)
  })
})
