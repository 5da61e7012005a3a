import { z } from 'zod'
import { type Act, type DraftChip, defineNode, minutesToMs, type Outcome, type OwnFinding, type Port } from '../../define-node'
import { limits } from '../../limits'
import { choose } from './choose'

export const Chip = z.strictObject({ id: z.string(), type: z.enum(['text', 'email', 'phone']), title: z.string().optional() })
export type Chip = z.infer<typeof Chip>

/** A text with chips. A chip's id is its port. E-mail and phone chips show the person's own; their title is for the canvas. */
export const QuickReplyData = z.strictObject({
  text: z.string(),
  chips: z.array(Chip),
  /** Null: the workspace's session time-out. */
  noAnswerAfterMinutes: z.int().nullable(),
})
export type QuickReplyData = z.infer<typeof QuickReplyData>

const names = { text: 'Choice', email: 'E-mail', phone: 'Phone' }
const titleOf = (chip: Chip): string => chip.title ?? ''
const portOf = (chip: Chip): Port => ({
  id: chip.id,
  label: titleOf(chip) || names[chip.type],
  role: 'answer',
  isOptional: false,
})
const ownPorts: Port[] = [
  { id: 'other', label: 'Anything else', role: 'answer', isOptional: true },
  { id: 'no-answer', label: 'No answer', role: 'no-answer', isOptional: true },
  { id: 'next', label: 'Next', role: 'next', isOptional: true },
  { id: 'error', label: 'Not delivered', role: 'error', isOptional: true },
]
const ownIds = new Set(ownPorts.map((port) => port.id))

/** A node with a connected answer port waits; otherwise it leaves by *next*. */
const waits = (data: QuickReplyData, isConnected: (port: string) => boolean): boolean =>
  isConnected('other') || isConnected('no-answer') || data.chips.some((chip) => isConnected(chip.id))

const go = (port: string, acts: Act[] = []): Outcome => ({ acts, then: { go: port } })

export const quickReply = defineNode({
  kind: 'quick-reply',
  title: 'Quick reply',
  data: QuickReplyData,
  examples: [
    {
      text: 'What can we do for you?',
      chips: [
        { id: 'chip-1', type: 'text', title: 'Prices' },
        { id: 'chip-2', type: 'text', title: 'A person, please' },
      ],
      noAnswerAfterMinutes: null,
    },
    {
      text: 'Where can we reach you, {{ contact.first_name | default: "friend" }}?',
      chips: [
        { id: 'chip-1', type: 'email' },
        { id: 'chip-2', type: 'phone', title: 'Phone' },
        { id: 'chip-3', type: 'text', title: 'Not now' },
      ],
      noAnswerAfterMinutes: 120,
    },
  ],
  // A chip that calls itself like one of the node's own ports must not shadow it, nor appear twice.
  ports: ({ chips }) => [
    ...new Map(chips.filter((chip) => !ownIds.has(chip.id)).map((chip) => [chip.id, portOf(chip)])).values(),
    ...ownPorts,
  ],
  enter: (data, { settings, isConnected }) => {
    const chips: DraftChip[] = data.chips.map((chip) => ({ port: chip.id, type: chip.type, title: titleOf(chip) }))
    const acts: Act[] = [{ type: 'say', text: data.text, chips }]
    if (!waits(data, isConnected)) return go('next', acts)
    const timer =
      data.noAnswerAfterMinutes === null
        ? { name: 'session', afterMs: settings.sessionTimeoutMs }
        : { name: 'no-answer', afterMs: minutesToMs(data.noAnswerAfterMinutes) }
    return { acts, then: { wait: 'answer', timers: [timer] } }
  },
  resume: (_, { isConnected, choices }, cause) => {
    if (cause.type === 'timer') return isConnected('no-answer') ? go('no-answer') : { acts: [], then: { timedOut: true } }
    if (cause.type !== 'answer' || cause.event.type !== 'message') return null
    const { text, chip } = cause.event
    const choice = text === null ? null : choose(choices, text, chip)
    if (choice !== null) {
      const attributes = choice.type === 'text' || text === null ? null : { [choice.type]: text.trim() }
      return go(choice.port, attributes === null ? [] : [{ type: 'set-attributes', attributes }])
    }
    return isConnected('other') ? go('other') : null
  },
  passage: (data, port, { settings, isConnected }) => {
    if (port === 'next') return { type: waits(data, isConnected) ? 'never' : 'at-once' }
    if (port === 'error') return { type: 'failure' }
    if (port !== 'no-answer') return { type: 'answer' }
    return {
      type: 'time',
      ms: data.noAnswerAfterMinutes === null ? settings.sessionTimeoutMs : minutesToMs(data.noAnswerAfterMinutes),
    }
  },
  templates: ({ text, chips }) => [
    { field: 'text', text, limit: 'text' },
    ...chips.flatMap((chip, index) =>
      chip.type === 'text' ? [{ field: `chips.${index}.title`, text: titleOf(chip), limit: 'chipTitle' as const }] : [],
    ),
  ],
  check: ({ text, chips, noAnswerAfterMinutes }) => {
    const findings: OwnFinding[] = []
    const error = (code: string, field: string, message: string) => findings.push({ code, severity: 'error', field, message })
    if (text.trim() === '') error('empty-text', 'text', 'Chips need a text above them.')
    if (chips.length === 0) error('no-chips', 'chips', 'Add at least one chip, or use a message instead.')
    if (chips.length > limits.chips.max)
      error('too-many-chips', 'chips', `Instagram shows at most ${limits.chips.max} chips; here are ${chips.length}.`)
    const seen = new Set<string>(ownIds)
    chips.forEach((chip, index) => {
      if (seen.has(chip.id)) error('duplicate-port', `chips.${index}.id`, `The chip id "${chip.id}" is used twice in this node.`)
      seen.add(chip.id)
      if (chip.type === 'text' && titleOf(chip).trim() === '')
        error('empty-title', `chips.${index}.title`, 'This chip has no title.')
    })
    for (const type of ['email', 'phone'] as const) {
      if (chips.filter((chip) => chip.type === type).length > 1)
        error('duplicate-chip', 'chips', `Only one ${type} chip makes sense.`)
    }
    if (noAnswerAfterMinutes !== null && noAnswerAfterMinutes < 1)
      error('no-minutes', 'noAnswerAfterMinutes', 'Wait at least one minute.')
    if (noAnswerAfterMinutes !== null && noAnswerAfterMinutes * 60_000 >= limits.window.max) {
      const message = 'After 24 hours without an answer Instagram lets nobody but a person write.'
      findings.push({ code: 'answer-after-window', severity: 'warning', field: 'noAnswerAfterMinutes', message })
    }
    return findings
  },
})
