import { describe, expect, it } from 'vitest'
import { fold, foldCommand, foldTitle, hasWord } from './normalise'

describe('folding', () => {
  it.each([
    ['  Grüße  AN\nalle ', 'grusse an alle'],
    ['STRASSE', 'strasse'],
    ['Straße', 'strasse'],
    ['ÉCLAIR', 'eclair'],
    ['e\u0301clair', 'eclair'],
    ['ＦＵＬＬ', 'full'],
    ['İstanbul', 'istanbul'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['Łódź', 'lodz'],
    ['שָׁלוֹם', 'שלום'],
    ['مَرْحَبا', 'مرحبا'],
  ])('%s is %s', (text, folded) => {
    expect(fold(text)).toBe(folded)
    expect(fold(fold(text))).toBe(folded)
  })

  it.each([
    ['か', 'が'],
    ['का', 'की'],
    ['a', 'b'],
  ])('keeps %s and %s apart', (a, b) => {
    expect(fold(a)).not.toBe(fold(b))
  })

  it('takes punctuation off commands, and spaces and emoji off titles', () => {
    expect(foldCommand(' ¡STOP! 🛑 ')).toBe('stop')
    expect(foldCommand("don't stop")).toBe("don't stop")
    expect(foldTitle('  A 👩‍👩‍👧 b 🏴󠁧󠁢󠁥󠁮󠁧󠁿 C ❤️ 1️⃣ ')).toBe('abc1')
    expect(foldTitle('👍🏽')).toBe('')
  })
})

it.each([
  ['the price list', 'price', true],
  ['prices', 'price', false],
  ['price', 'price', true],
  ['(price)', 'price', true],
  ['prices price', 'price', true],
  ['größer', 'größe', false],
  ['a_price', 'price', false],
])('in "%s" the word "%s" stands: %s', (text, word, stands) => {
  expect(hasWord(text, word)).toBe(stands)
})
