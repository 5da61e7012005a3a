import { z } from 'zod'
import type { EventOf, PERSON_EVENTS } from './event'
import type { LimitName } from './limits'
import type { Settings } from './settings'
import type { Choice, Vars } from './state'

/**
 * The contract a node kind signs. A kind says what it wants in plain JSON; `step/` renders its texts, splits them, makes
 * the effects and keeps the state. Texts in an outcome are Liquid templates as the operator wrote them, and nothing else is.
 */

/** What leaving by a port means. The checker and the canvas read it; routing goes by the id alone. */
export type PortRole = 'next' | 'answer' | 'no-answer' | 'error' | 'returned' | 'nobody'

/** A handle on the canvas. The id is stable: edges, taps and stored runs name it. */
export interface Port {
  id: string
  label: string
  role: PortRole
  /** Left unconnected on purpose as a rule: ending there says nothing is forgotten. */
  isOptional: boolean
}

export type PersonEvent = EventOf<(typeof PERSON_EVENTS)[number]>

/** A chip before it is rendered; its port is the chip's own id. */
export interface DraftChip {
  port: string
  type: Choice['type']
  title: string
}

/** What a node does on the way, in order. */
export type Act =
  /** Becomes one send for each part of the rendered text; chips ride on the last part. Empty once rendered: left out. */
  | { type: 'say'; text: string; chips?: DraftChip[] }
  | { type: 'show'; url: string }
  | { type: 'set-attributes'; attributes: Vars }
  /** Puts the person in the queue. The node must wait for a person after it. */
  | { type: 'queue'; team: string | null; priority: 'low' | 'normal' | 'high'; summary: string | null }
  /** Takes the person out of the queue because nobody came. */
  | { type: 'leave-queue' }

/** Where the run goes then. Leaving by a port that no edge leaves from ends the run. */
export type Then =
  | { go: string }
  | { wait: 'answer' | 'time' | 'person'; timers: { name: string; afterMs: number }[] }
  /** Nobody answered in time and no port says what to do then. */
  | { timedOut: true }
  /** The node cannot do what it says; the reason is shown in the inbox. */
  | { fail: string }

export interface Outcome {
  acts: Act[]
  then: Then
}

/** What a node may look at while a run is in it. Times are milliseconds since 1970. */
export interface Visit {
  at: number
  settings: Settings
  isConnected(port: string): boolean
  /** The choices as rendered when the node was entered; empty while entering. */
  choices: readonly Choice[]
}

/** Why a waiting run is woken. A tap on one of our payloads is not among them: it leaves by its port without asking. */
export type Cause = { type: 'answer'; event: PersonEvent } | { type: 'timer'; name: string } | { type: 'handed-back' }

/** What passes between entering a node and leaving it by a port; `never`: as it is drawn, it does not. `ms` is the least it can be. */
export type Passage =
  | { type: 'never' }
  | { type: 'at-once' }
  | { type: 'answer' }
  | { type: 'person' }
  | { type: 'failure' }
  | { type: 'time'; ms: number }

/** A template the operator wrote: where it stands in `data` and which limit its rendered form has to keep. */
export interface TemplateField {
  field: string
  text: string
  limit: LimitName | null
}

/** Something a kind finds wrong with its own data. The checker adds the node. */
export interface OwnFinding {
  code: string
  severity: 'error' | 'warning'
  port?: string
  field?: string
  message: string
}

/** One published order, from most to least specific: of two triggers that match, the earlier one starts. */
export const TRIGGER_ORDER = [
  'payload',
  'ice-breaker',
  'menu',
  'referral',
  'comment',
  'story-mention',
  'story-reply',
  'share',
  'reaction',
  'keyword-exact',
  'keyword-word',
  'keyword-starts-with',
  'keyword-contains',
  'keyword-regex',
  'intent',
  'first-message',
  'fallback',
] as const
export type TriggerRank = (typeof TRIGGER_ORDER)[number]

/** What happens when the person fires a trigger again: start anew, leave a live run of the flow alone, or only ever once. */
export const Reentry = z.enum(['restart', 'continue', 'once'])
export type Reentry = z.infer<typeof Reentry>

export interface TriggerRule<D> {
  /** The port through which this event starts a run; null: it does not. */
  match(data: D, event: PersonEvent): string | null
  rank(data: D): TriggerRank
  reentry(data: D): Reentry
  /** Wins over a waiting run. */
  isAlways(data: D): boolean
  /** Whether every event that fires the second fires the first too. */
  covers(first: D, second: D): boolean
}

export interface NodeDefinition<K extends string, S extends z.ZodType> {
  kind: K
  title: string
  /** Shape only: a half-typed draft must save; `check` and the limits table hold the rest. */
  data: S
  /** The first is what a new node starts with; tests read them all. */
  examples: readonly [z.infer<S>, ...z.infer<S>[]]
  /** In the order shown. Ids are unique and survive renaming and reordering. */
  ports(data: z.infer<S>): Port[]
  enter(data: z.infer<S>, visit: Visit): Outcome
  /** Null: the cause is not for this node. Absent: it never waits. */
  resume?(data: z.infer<S>, visit: Visit, cause: Cause): Outcome | null
  /** Only triggers have it. They start runs and nothing leads to them. */
  trigger?: TriggerRule<z.infer<S>>
  /** True where the kind brings a person in. */
  bringsPerson?: true
  passage?(data: z.infer<S>, port: string, visit: Pick<Visit, 'settings' | 'isConnected'>): Passage
  /** Every template in the data. A kind without any says nothing. */
  templates?(data: z.infer<S>): TemplateField[]
  check?(data: z.infer<S>): OwnFinding[]
}

const Position = z.strictObject({ x: z.number(), y: z.number() })

/** Signs the contract. `node` is the schema of a whole node of this kind. */
export function defineNode<const K extends string, S extends z.ZodType>(definition: NodeDefinition<K, S>) {
  const node = z.strictObject({ id: z.string(), kind: z.literal(definition.kind), position: Position, data: definition.data })
  return { ...definition, node }
}

const MINUTE_MS = 60_000

/** Never less than a minute: a time of zero would let a loop of timers spin. */
export const minutesToMs = (minutes: number): number => Math.max(1, minutes) * MINUTE_MS
