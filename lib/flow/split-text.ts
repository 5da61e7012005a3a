const sentenceEnd = /[.!?…。！？]["'”’»)\]]*(?=\s)|\n/gu
const wordEnd = /\s+/gu
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Where the last match in `text` ends that has words before it; 0: none does. */
function lastEnd(text: string, pattern: RegExp): number {
  const words = text.length - text.trimStart().length
  let end = 0
  for (const match of text.matchAll(pattern)) if (match.index > words) end = match.index + match[0].length
  return end
}

/** Bytes of UTF-8; half a surrogate pair is sent as U+FFFD. */
const bytesOf = (codePoint: number): number => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4)

/** The longest beginning that keeps to `maxBytes`, in UTF-16 units, never inside a code point. At least one code point. */
function room(text: string, maxBytes: number): number {
  let bytes = 0
  let units = 0
  while (units < text.length) {
    const point = text.codePointAt(units) ?? 0
    bytes += bytesOf(point)
    if (bytes > maxBytes && units > 0) break
    units += point > 0xffff ? 2 : 1
  }
  return units
}

/** The last boundary between what a reader sees as characters, at or before `units`; 0 when the first one is longer. */
function graphemeEnd(text: string, units: number): number {
  let end = 0
  for (const { index, segment } of graphemes.segment(text.slice(0, units + 64))) {
    if (index + segment.length > units) break
    end = index + segment.length
  }
  return end
}

/**
 * The text in parts of at most `maxBytes` of UTF-8: cut after a sentence, else after a word, else after a character. Nothing
 * is lost but white space at the cuts. A text that fits comes back as it is; no part is empty.
 */
export function splitText(text: string, maxBytes: number): string[] {
  const parts: string[] = []
  let rest = text
  for (let most = room(rest, maxBytes); most < rest.length; most = room(rest, maxBytes)) {
    // One more character is looked at, so that a sentence or word that ends right at the limit is seen to end.
    const seen = rest.slice(0, most + 1)
    const end = Math.min(lastEnd(seen, sentenceEnd) || lastEnd(seen, wordEnd), most) || graphemeEnd(rest, most) || most
    const part = rest.slice(0, end).trimEnd()
    if (part !== '') parts.push(part)
    rest = rest.slice(end).trimStart()
  }
  if (rest !== '') parts.push(rest)
  return parts
}
