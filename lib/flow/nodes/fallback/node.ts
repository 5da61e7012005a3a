import { z } from 'zod'
import { defineNode, Reentry } from '../../define-node'

/** Starts when nothing else answered, and when a tap belongs to something that is gone. */
export const FallbackData = z.strictObject({ reentry: Reentry })
export type FallbackData = z.infer<typeof FallbackData>

export const fallback = defineNode({
  kind: 'fallback',
  title: 'Fallback',
  data: FallbackData,
  examples: [{ reentry: 'restart' }, { reentry: 'once' }],
  ports: () => [{ id: 'next', label: 'Next', role: 'next', isOptional: false }],
  enter: () => ({ acts: [], then: { go: 'next' } }),
  trigger: {
    match: () => 'next',
    rank: () => 'fallback',
    reentry: (data) => data.reentry,
    isAlways: () => false,
    covers: () => true,
  },
})
