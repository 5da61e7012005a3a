import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anyFlow } from './generated/testing'
import { serialiseFlow } from './serialise'
import { readFlow } from './upgrade'

/** The same value with the fields of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

it('writes the same bytes for the same document, and reads them back', () => {
  fc.assert(
    fc.property(anyFlow, (document) => {
      const text = serialiseFlow(document)
      const read = readFlow(reversed(JSON.parse(text)))
      expect(read).toEqual({ ok: true, flow: document })
      expect(read.ok && serialiseFlow(read.flow)).toBe(text)
      expect(text.endsWith('}\n')).toBe(true)
    }),
    { numRuns: 300 },
  )
})
