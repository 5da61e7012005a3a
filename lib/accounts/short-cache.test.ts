import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { shortCache } from './short-cache'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const counting = (values: (string | null)[]) => {
  const read = vi.fn(async () => values[read.mock.calls.length - 1] ?? null)
  return read
}

it('reads once a while, a key and a scope', async () => {
  const cache = shortCache<object, string>(5_000)
  const [pool, otherPool] = [{}, {}]
  const read = counting(['one', 'two', 'three', 'four'])
  expect([await cache.get(pool, 'a', read), await cache.get(pool, 'a', read)]).toEqual(['one', 'one'])
  expect([await cache.get(otherPool, 'a', read), await cache.get(pool, 'b', read)]).toEqual(['two', 'three'])
  vi.advanceTimersByTime(5_001)
  expect(await cache.get(pool, 'a', read)).toBe('four')
})

it('never remembers that something is not there, nor that a read failed', async () => {
  const cache = shortCache<object, string>(5_000)
  const pool = {}
  expect(await cache.get(pool, 'a', counting([null]))).toBeNull()
  await expect(cache.get(pool, 'a', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await cache.get(pool, 'a', counting(['there']))).toBe('there')
})

it('what was being read while it was told to forget is not remembered', async () => {
  const cache = shortCache<object, string>(5_000)
  const pool = {}
  let finish: (value: string) => void = () => {}
  const slow = cache.get(pool, 'a', () => new Promise((resolve) => (finish = resolve)))
  cache.forget()
  finish('old token')
  expect(await slow).toBe('old token')
  expect(await cache.get(pool, 'a', counting(['new token']))).toBe('new token')
})
