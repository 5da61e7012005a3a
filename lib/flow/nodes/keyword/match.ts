import { fold, hasWord } from '../../normalise'
import { isFound } from '../../pattern'

export interface Phrase {
  match: 'exact' | 'word' | 'contains' | 'starts-with' | 'regex'
  text: string
}

/** Whether what a person wrote is this phrase. A regular expression sees the text as written and folded. */
export function matches(match: Phrase['match'], phrase: string, written: string): boolean {
  if (match === 'regex') return phrase !== '' && (isFound(phrase, written) || isFound(phrase, fold(written)))
  const wanted = fold(phrase)
  if (wanted === '') return false
  const text = fold(written)
  switch (match) {
    case 'exact':
      return text === wanted
    case 'word':
      return hasWord(text, wanted)
    case 'contains':
      return text.includes(wanted)
    case 'starts-with':
      return text.startsWith(wanted)
  }
}

/** Whether every text that `second` matches is matched by `first` too. Says no where it cannot be sure. */
export function covers(first: Phrase, second: Phrase): boolean {
  if (first.match === 'regex' || second.match === 'regex') return first.match === second.match && first.text === second.text
  const a = fold(first.text)
  const b = fold(second.text)
  if (a === '' || b === '') return false
  switch (first.match) {
    case 'exact':
      return second.match === 'exact' && a === b
    case 'starts-with':
      return (second.match === 'exact' || second.match === 'starts-with') && b.startsWith(a)
    case 'word':
      return (second.match === 'exact' || second.match === 'word') && hasWord(b, a)
    case 'contains':
      return b.includes(a)
  }
}
