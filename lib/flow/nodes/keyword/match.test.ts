import fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers, matches, type Phrase } from './match'

it.each<[Phrase['match'], string, string, boolean]>([
  ['exact', 'Größe', 'GROSSE', true],
  ['exact', 'price', 'price?', false],
  ['word', 'price', 'the Price, please', true],
  ['word', 'price', 'priceless', false],
  ['contains', 'rice', 'the Price', true],
  ['starts-with', 'the', 'The price', true],
  ['starts-with', 'price', 'the price', false],
  ['regex', '^größe \\d+$', 'Größe 42', true],
  ['regex', '^grosse \\d+$', 'Größe 42', true],
  ['regex', '(', '(', false],
  ['regex', '', 'anything', false],
  ['exact', ' ', ' ', false],
])('%s "%s" against "%s": %s', (match, phrase, text, isMatch) => {
  expect(matches(match, phrase, text)).toBe(isMatch)
})

it('covers only what it matches', () => {
  const words = fc
    .array(fc.constantFrom('a', 'b', 'ab', ' ', 'ä', '-'), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(''))
  const phrase = fc.record<Phrase>({ match: fc.constantFrom('exact', 'word', 'contains', 'starts-with'), text: words })
  let covered = 0
  fc.assert(
    fc.property(phrase, phrase, words, words, (first, second, before, after) => {
      if (!covers(first, second)) return
      for (const text of [second.text, `${before}${second.text}`, `${second.text}${after}`, `${before}${second.text}${after}`]) {
        if (!matches(second.match, second.text, text)) continue
        covered += 1
        expect(matches(first.match, first.text, text)).toBe(true)
      }
    }),
    { numRuns: 3000 },
  )
  expect(covered).toBeGreaterThan(100)
})
