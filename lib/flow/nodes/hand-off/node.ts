import { z } from 'zod'
import { type Act, defineNode, minutesToMs, type OwnFinding } from '../../define-node'

/** Asks for a person. `summary` is for the agent, `text` for the person; an empty one is as good as none. */
export const HandOffData = z.strictObject({
  team: z.string().nullable(),
  priority: z.enum(['low', 'normal', 'high']),
  summary: z.string().nullable(),
  text: z.string().nullable(),
  /** Null: the person stays in the queue until somebody comes. */
  nobodyAfterMinutes: z.int().nullable(),
})
export type HandOffData = z.infer<typeof HandOffData>

export const handOff = defineNode({
  kind: 'hand-off',
  title: 'Hand-off',
  data: HandOffData,
  examples: [
    {
      team: null,
      priority: 'normal',
      summary: null,
      text: 'One moment, a colleague will be with you.',
      nobodyAfterMinutes: null,
    },
    { team: 'sales', priority: 'high', summary: '{{ contact.name }} asks for a quote.', text: null, nobodyAfterMinutes: 30 },
  ],
  ports: ({ nobodyAfterMinutes }) => [
    { id: 'returned', label: 'Handed back', role: 'returned', isOptional: true },
    { id: 'nobody', label: 'Nobody came', role: 'nobody', isOptional: nobodyAfterMinutes === null },
  ],
  enter: ({ team, priority, summary, text, nobodyAfterMinutes }, { isConnected }) => {
    const acts: Act[] = text === null ? [] : [{ type: 'say', text }]
    acts.push({ type: 'queue', team: team === '' ? null : team, priority, summary })
    // With no way out drawn for it, running out of time must not take the person out of the queue: they would be forgotten.
    const isTimed = nobodyAfterMinutes !== null && isConnected('nobody')
    const timers = isTimed ? [{ name: 'nobody', afterMs: minutesToMs(nobodyAfterMinutes) }] : []
    return { acts, then: { wait: 'person', timers } }
  },
  resume: (_data, _visit, cause) => {
    if (cause.type === 'handed-back') return { acts: [], then: { go: 'returned' } }
    return cause.type === 'timer' ? { acts: [{ type: 'leave-queue' }], then: { go: 'nobody' } } : null
  },
  bringsPerson: true,
  passage: ({ nobodyAfterMinutes }, port) => {
    if (port !== 'nobody') return { type: 'person' }
    return nobodyAfterMinutes === null ? { type: 'never' } : { type: 'time', ms: minutesToMs(nobodyAfterMinutes) }
  },
  templates: ({ text, summary }) => [
    ...(text === null ? [] : [{ field: 'text', text, limit: 'text' as const }]),
    ...(summary === null ? [] : [{ field: 'summary', text: summary, limit: null }]),
  ],
  check: ({ nobodyAfterMinutes }) => {
    const findings: OwnFinding[] = []
    if (nobodyAfterMinutes !== null && nobodyAfterMinutes < 1) {
      findings.push({
        code: 'no-minutes',
        severity: 'error',
        field: 'nobodyAfterMinutes',
        message: 'Give people at least one minute to come.',
      })
    }
    return findings
  },
})
