import { describe, expect, it } from 'vitest'
import { median, percentile, ratioOfPairs, rounded } from './statistics'

const upTo = (count: number) => Array.from({ length: count }, (_, ix) => count - ix)

describe('percentile', () => {
  it.each([
    [upTo(100), 0.5, 50],
    [upTo(100), 0.99, 99],
    [upTo(101), 0.99, 100],
    [upTo(10), 0.99, 10],
    [upTo(10), 0, 1],
    [upTo(10), 1, 10],
    [[7], 0.5, 7],
    // Sorted as numbers, not as text.
    [[9, 10, 100], 0.5, 10],
  ])('%# of what was measured', (values, share, expected) => expect(percentile(values, share)).toBe(expected))

  it('leaves the measurements in their order', () => {
    const values = [3, 1, 2]
    percentile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })

  it('of nothing is an error', () => expect(() => percentile([], 0.5)).toThrow('percentile of nothing'))
})

describe('median', () => {
  it.each([
    [[5], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[100, 9, 10], 10],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected))

  it('of nothing is an error', () => expect(() => median([])).toThrow('median of nothing'))
})

describe('ratioOfPairs', () => {
  it('compares within a pair: a machine that was slow for one pair changes nothing', () => {
    expect(ratioOfPairs([200, 20, 300], [100, 10, 150])).toBe(2)
  })

  it('is not the ratio of the medians', () => {
    const [ours, theirs] = [
      [1, 10, 100],
      [10, 1, 100],
    ]
    expect(median(ours) / median(theirs)).toBe(1)
    expect(ratioOfPairs(ours, theirs)).toBe(1)
    expect(ratioOfPairs([4, 9, 100], [2, 1, 100])).toBe(2)
  })

  it('refuses measurements without a partner', () => expect(() => ratioOfPairs([1, 2], [1])).toThrow('cannot be paired'))
})

describe('rounded', () => {
  it.each([
    [12345.6, 12300],
    [0.123456, 0.123],
    [0, 0],
    [999, 999],
    [1234, 1230],
  ])('%d is %d', (value, expected) => expect(rounded(value)).toBe(expected))
})
