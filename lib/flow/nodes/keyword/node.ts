import { z } from 'zod'
import { defineNode, type OwnFinding, Reentry } from '../../define-node'
import { compilePattern } from '../../pattern'
import { decodeTap } from '../../payload'
import { covers, matches } from './match'

export const KeywordMatch = z.enum(['exact', 'word', 'contains', 'starts-with', 'regex'])
export type KeywordMatch = z.infer<typeof KeywordMatch>

/** Words that start a run, without case and accents. Any of the phrases will do. */
export const KeywordData = z.strictObject({
  phrases: z.array(z.strictObject({ id: z.string(), text: z.string() })),
  match: KeywordMatch,
  /** Wins over a waiting run. */
  always: z.boolean(),
  reentry: Reentry,
})
export type KeywordData = z.infer<typeof KeywordData>

export const keyword = defineNode({
  kind: 'keyword',
  title: 'Keyword',
  data: KeywordData,
  examples: [
    { phrases: [{ id: 'phrase-1', text: 'hello' }], match: 'word', always: false, reentry: 'restart' },
    {
      phrases: [
        { id: 'phrase-1', text: 'price' },
        { id: 'phrase-2', text: 'Größe' },
      ],
      match: 'exact',
      always: true,
      reentry: 'once',
    },
    { phrases: [{ id: 'phrase-1', text: '^order #?[0-9]+$' }], match: 'regex', always: false, reentry: 'continue' },
  ],
  ports: () => [{ id: 'next', label: 'Next', role: 'next', isOptional: false }],
  enter: () => ({ acts: [], then: { go: 'next' } }),
  trigger: {
    match: (data, event) => {
      // A tap on one of our chips carries its title as text; it was pressed, not written.
      if (event.type !== 'message' || event.text === null || (event.chip !== null && decodeTap(event.chip) !== null)) return null
      const { text } = event
      return data.phrases.some((phrase) => matches(data.match, phrase.text, text)) ? 'next' : null
    },
    rank: ({ match }) => `keyword-${match}`,
    reentry: (data) => data.reentry,
    isAlways: (data) => data.always,
    covers: (first, second) =>
      second.phrases.length > 0 &&
      second.phrases.every((b) =>
        first.phrases.some((a) => covers({ match: first.match, text: a.text }, { match: second.match, text: b.text })),
      ),
  },
  check: ({ phrases, match }) => {
    const findings: OwnFinding[] = []
    if (phrases.length === 0) {
      findings.push({
        code: 'no-phrases',
        severity: 'error',
        field: 'phrases',
        message: 'Add at least one phrase: without one this trigger never starts.',
      })
    }
    phrases.forEach((phrase, index) => {
      const field = `phrases.${index}.text`
      if (phrase.text.trim() === '') {
        findings.push({ code: 'empty-phrase', severity: 'error', field, message: 'This phrase is empty.' })
      } else if (match === 'regex') {
        const expression = compilePattern(phrase.text)
        if (typeof expression === 'string') {
          findings.push({
            code: 'invalid-pattern',
            severity: 'error',
            field,
            message: `This is not a regular expression Parley can run: ${expression}`,
          })
        }
      }
    })
    return findings
  },
})
