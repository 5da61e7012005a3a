import { expect, it } from 'vitest'
import { compilePattern, isFound } from './pattern'

it.each([
  ['^order #?\\d+$', 'ORDER #12', true],
  ['^order #?\\d+$', 'my order 12', false],
  ['ä', 'Ä', true],
  ['(', '(', false],
  ['(?<=a)b', 'ab', false],
  ['(x{1000}){1000}', 'x', false],
])('%s in %s: %s', (pattern, text, found) => {
  expect(isFound(pattern, text)).toBe(found)
})

it('says why an expression is none, and takes none that are endless', () => {
  expect(compilePattern('(')).toEqual(expect.any(String))
  expect(compilePattern('a'.repeat(501))).toContain('500')
})

it('takes time in proportion to the text, where backtracking would take for ever', () => {
  const begin = performance.now()
  expect(isFound('^(a+)+$', `${'a'.repeat(5000)}b`)).toBe(false)
  expect(performance.now() - begin).toBeLessThan(2000)
})
