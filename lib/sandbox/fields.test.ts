import { describe, expect, it } from 'vitest'
import { graphTime, pageOf, pick, readFields } from './fields'
import { GraphError } from './graph-error'
import { conversationIdOf, newIgId, newIgsid, newMid, newThreadNumber } from './ids'

const plain = { limit: null, after: null, sub: null }

describe('the fields parameter', () => {
  it.each([
    ['one', 'id', [{ ...plain, name: 'id' }]],
    [
      'several, with spaces',
      'id, name',
      [
        { ...plain, name: 'id' },
        { ...plain, name: 'name' },
      ],
    ],
    [
      'nested, with a limit',
      'id,messages.limit(5).after(abc){id,from{id}},name',
      [
        { ...plain, name: 'id' },
        {
          name: 'messages',
          limit: 5,
          after: 'abc',
          sub: [
            { ...plain, name: 'id' },
            { ...plain, name: 'from', sub: [{ ...plain, name: 'id' }] },
          ],
        },
        { ...plain, name: 'name' },
      ],
    ],
    ['nothing', '', []],
  ])('%s', (_, text, fields) => {
    expect(readFields(text)).toEqual(fields)
  })

  it.each(['messages{id', 'id}', 'id,{x}', '$', 'a{a{a{a{a{a{a{a}}}}}}}'])('refuses %s', (text) => {
    expect(() => readFields(text)).toThrow(GraphError)
  })
})

it('answers what was asked for and leaves out what has no value', () => {
  const known = { id: () => '1', name: () => null, username: () => 'mia' }
  expect(pick('IGUser', readFields('name,username'), known)).toEqual({ id: '1', username: 'mia' })
  expect(() => pick('IGUser', readFields('toString'), known)).toThrow(/nonexisting field \(toString\)/)
})

describe('pages', () => {
  const rows = Array.from({ length: 60 }, (_, index) => String(index))
  const page = (limit: number | null, after: string | null) => pageOf(rows, (row) => row, limit, after)

  it('are of 25 unless asked, and the last has no cursor', () => {
    const first = page(null, null)
    expect(first.rows).toEqual(rows.slice(0, 25))
    const second = page(null, first.after)
    expect(second.rows).toEqual(rows.slice(25, 50))
    const third = page(null, second.after)
    expect(third).toEqual({ rows: rows.slice(50), after: null })
  })

  it('end exactly at the end', () => {
    expect(page(60, null)).toEqual({ rows, after: null })
    expect(page(59, null).after).not.toBeNull()
  })

  it('refuse a cursor that is not ours', () => {
    expect(() => page(5, 'nonsense')).toThrow(GraphError)
  })
})

it('writes times to the second', () => {
  expect(graphTime(Date.UTC(2026, 4, 28, 10, 0, 0, 999))).toBe('2026-05-28T10:00:00+0000')
})

it('makes ids no number can hold, and mids of a real length', () => {
  for (const id of [newIgId(), newIgsid()]) {
    expect(id).toMatch(/^\d{17}$/)
    expect(Number(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  }
  const number = newThreadNumber()
  const mids = Array.from({ length: 100 }, (_, index) => newMid('17841400000000011', number, index + 1))
  expect(new Set(mids).size).toBe(100)
  for (const mid of mids) expect(mid).toMatch(/^aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3[A-Za-z0-9+/]{100,200}ZD$/)
  expect(conversationIdOf('17841400000000011', number)).toMatch(/^aWdfZAG06MTpJR01lc3NhZA2VUaHJlYWQ6/)
})
