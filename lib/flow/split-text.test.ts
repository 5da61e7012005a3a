import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteLength } from './limits'
import { splitText } from './split-text'

describe('splitting', () => {
  it.each([
    ['leaves a text that fits as it is', ' Fits. ', 10, [' Fits. ']],
    ['cuts after a sentence', 'One two. Three four five', 18, ['One two.', 'Three four five']],
    ['sees a sentence that ends right at the limit', 'One two. Three', 8, ['One two.', 'Three']],
    ['cuts after a line', 'One two\nThree four five', 18, ['One two', 'Three four five']],
    ['cuts after a word where no sentence ends', 'one two three', 9, ['one two', 'three']],
    ['does not cut at the point in a number', 'It costs 3.50 now', 12, ['It costs', '3.50 now']],
    ['cuts between characters where no word ends', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['counts bytes, not characters', 'ääää', 4, ['ää', 'ää']],
    ['keeps what is seen as one character together', 'a👩‍👩‍👧b', 19, ['a👩‍👩‍👧', 'b']],
    ['says something even where one character is over the limit', '👩‍👩‍👧', 4, ['👩', '\u200d', '👩', '\u200d', '👧']],
    ['has nothing to say about nothing', '', 5, []],
    ['drops white space at the cuts only', 'a  b     c', 5, ['a  b', 'c']],
  ])('%s', (_, text, max, parts) => {
    expect(splitText(text, max)).toEqual(parts)
  })

  it('loses nothing but white space, keeps every part in its limit, and makes no part empty', () => {
    const character = fc.constantFrom('a', 'ß', ' ', '\n', '. ', '!', '👍', '👩‍👩‍👧', '日', 'e\u0301', '\ud83d')
    fc.assert(
      fc.property(fc.array(character, { maxLength: 60 }), fc.integer({ min: 4, max: 40 }), (characters, max) => {
        const text = characters.join('')
        const parts = splitText(text, max)
        const bare = (words: string) => words.replace(/\s/gu, '')
        expect(bare(parts.join(''))).toBe(bare(text))
        for (const part of parts) {
          expect(byteLength(part)).toBeLessThanOrEqual(max)
          expect(part).not.toBe('')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
