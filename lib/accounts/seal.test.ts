import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { open, seal } from './seal'
import { Secret } from './secret'

const place = { table: 'connection', column: 'token', rowId: '4f0c' }
const older = randomBytes(32)
const newer = randomBytes(32)

describe('seal', () => {
  it.each(['IGAAtoken', '', 'ключ 🔑', 'x'.repeat(2000)])('opens what it sealed (%#)', (plain) => {
    expect(open(seal(plain, place, [newer]), place, [newer]).reveal()).toBe(plain)
  })

  it('never gives the same text twice and never shows the plain one', () => {
    const first = seal('IGAAtoken', place, [newer])
    expect(first).not.toBe(seal('IGAAtoken', place, [newer]))
    expect(first).not.toContain('IGAAtoken')
  })

  it('seals under the newest key and opens what an older one sealed', () => {
    const sealedBefore = seal('before', place, [older])
    const sealedNow = seal('now', place, [newer, older])
    expect(open(sealedBefore, place, [newer, older]).reveal()).toBe('before')
    expect(() => open(sealedNow, place, [older])).toThrow('not in ENCRYPTION_KEYS')
  })

  it('refuses a key that did not seal it', () => {
    expect(() => open(seal('token', place, [older]), place, [newer])).toThrow('not in ENCRYPTION_KEYS')
  })

  it.each([
    { ...place, rowId: '4f0d' },
    { ...place, column: 'app_secret' },
    { ...place, table: 'account' },
  ])('refuses another place: $table $column $rowId', (other) => {
    expect(() => open(seal('token', place, [newer]), other, [newer])).toThrow('belongs to another row')
  })

  it('refuses a changed value wherever it was changed', () => {
    const [version, id, nonce, box] = seal('a token of some length', place, [newer]).split('.') as [
      string,
      string,
      string,
      string,
    ]
    const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
    for (let at = 0; at < box.length - 1; at++) {
      expect(() => open([version, id, nonce, flip(box, at)].join('.'), place, [newer])).toThrow()
    }
    expect(() => open([version, id, flip(nonce, 3), box].join('.'), place, [newer])).toThrow('changed')
    expect(() => open([version, id, nonce, box.slice(0, 8)].join('.'), place, [newer])).toThrow('not a sealed value')
    expect(() => open('v2.a.b.c', place, [newer])).toThrow('not a sealed value')
  })
})

describe('Secret', () => {
  it('prints as [redacted], however it is printed', () => {
    const secret = new Secret('IGAAtoken')
    expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}')
    expect(inspect({ secret }, { showHidden: true, depth: 9 })).not.toContain('IGAA')
    expect(`${secret}`).toBe('[redacted]')
    expect(Object.values(secret)).toEqual([])
    expect(secret.reveal()).toBe('IGAAtoken')
  })
})
