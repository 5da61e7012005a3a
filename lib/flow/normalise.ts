/** How texts are compared: nobody should need the right case, accent or number of spaces. */

/** Letters that lower-casing and decomposition leave apart from the ones people type for them. */
const folds: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ı: 'i', ς: 'σ' }
const foldable = /[ßæœøđłıς]/gu

/**
 * Marks that are accents. Vowel signs of Indic scripts and the voicing marks of Japanese are letters to their readers and
 * stay; Hebrew points are not typed in chats and go.
 */
const accents = /(?![\u3099\u309a])\p{Script=Inherited}|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]/gu
const plain = /^[a-z0-9 ]*$/

const MAX_CACHED = 5000
const MAX_CACHED_CHARACTERS = 200
const folded = new Map<string, string>()

/** Without case and accents; runs of white space are one space, none at the ends. Short texts are remembered. */
export function fold(text: string): string {
  if (text.length > MAX_CACHED_CHARACTERS) return foldAnew(text)
  const known = folded.get(text)
  if (known !== undefined) return known
  const fresh = foldAnew(text)
  if (folded.size >= MAX_CACHED) folded.clear()
  folded.set(text, fresh)
  return fresh
}

function foldAnew(text: string): string {
  const lower = text.toLowerCase().trim().replace(/\s+/gu, ' ')
  if (plain.test(lower)) return lower
  const bare = lower.normalize('NFKD').replace(accents, '').toLowerCase().normalize('NFC')
  return bare
    .replace(foldable, (letter) => folds[letter] ?? letter)
    .replace(/\s+/gu, ' ')
    .trim()
}

const outer = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu

/** For words that stand for a command: folded, and without punctuation and emoji around them. */
export const foldCommand = (text: string): string => fold(text).replace(outer, '')

const emoji =
  /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0e\ufe0f\u20e3]|[\u{e0020}-\u{e007f}]/gu

/** A chip's title or what was typed in its place: case, accents, spaces and emoji aside. May be empty. */
export const foldTitle = (text: string): string => fold(text.replace(emoji, '')).replaceAll(' ', '')

/** Whether `phrase` stands in `text` with no letter, digit or mark right before or after it. Both folded. */
export function hasWord(text: string, phrase: string): boolean {
  for (let from = 0; ; ) {
    const start = text.indexOf(phrase, from)
    if (start < 0) return false
    const end = start + phrase.length
    if (!/[\p{L}\p{N}\p{M}_]$/u.test(text.slice(0, start)) && !/^[\p{L}\p{N}\p{M}_]/u.test(text.slice(end))) return true
    from = start + 1
  }
}
