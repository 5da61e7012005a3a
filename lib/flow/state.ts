import { z } from 'zod'
import { Actor } from './event'

/** What a lane remembers between events. Plain JSON: stored in conversation.state, replayed by tests, shown by the preview. */

/** Who holds the conversation. While it is not the bot, no flow speaks. */
export const Hold = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('bot') }),
  z.strictObject({
    by: z.literal('queue'),
    since: z.int(),
    team: z.string().nullable(),
    priority: z.enum(['low', 'normal', 'high']),
    summary: z.string().nullable(),
  }),
  /** `agent: null` is somebody typing in the Instagram app. */
  z.strictObject({ by: z.literal('agent'), since: z.int(), agent: Actor.nullable() }),
])
export type Hold = z.infer<typeof Hold>

export const Vars = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
export type Vars = z.infer<typeof Vars>

/** A choice of the waiting node as the person sees it: typed text is compared with `title`. */
export const Choice = z.strictObject({ port: z.string(), title: z.string(), type: z.enum(['text', 'email', 'phone']) })
export type Choice = z.infer<typeof Choice>

/** One execution of one version, kept until it ends; then `run` is null. Frames are the stack of sub-flows, innermost last. */
export const RunState = z.strictObject({
  id: z.string(),
  flow: z.string(),
  /** Pinned: a run keeps its version until it ends, unless a publish moves it. */
  version: z.int(),
  /** The trigger that started it; null when a tap on an old chip did. */
  trigger: z.string().nullable(),
  frames: z.array(z.strictObject({ flow: z.string(), version: z.int(), node: z.string() })).min(1),
  vars: Vars,
  /** What the innermost node waits for. */
  waiting: z.strictObject({
    for: z.enum(['answer', 'time', 'person']),
    choices: z.array(Choice),
    /** Names of this run's pending timers: `wait`, `no-answer`, `session`, `nobody`. */
    timers: z.array(z.string()),
  }),
})
export type RunState = z.infer<typeof RunState>

export const LaneState = z.strictObject({
  schemaVersion: z.literal(1),
  hold: Hold,
  optedOut: z.boolean(),
  run: RunState.nullable(),
  /** The run before, when it came to its own end: should a send of it fail later, it leaves by that node's error port. */
  lastRun: z.strictObject({ id: z.string(), flow: z.string(), version: z.int(), vars: Vars }).nullable().optional(),
  contact: z.strictObject({
    name: z.string().nullable(),
    username: z.string().nullable(),
    attributes: Vars,
    tags: z.array(z.string()),
  }),
  /** Once-per-person marks: `flow/node` of triggers that have had their turn. */
  marks: z.array(z.string()),
  /** Pending timers by id: a firing counts only with this generation. */
  timers: z.record(z.string(), z.strictObject({ generation: z.int(), fireAt: z.int() })),
  /** The last generation given to any timer. */
  generation: z.int(),
  /** Timers that fell due while a person held the conversation; they are heard at hand-back. */
  kept: z.array(z.string()),
  /** Nodes entered since a person or a timer last moved the run. */
  hops: z.int(),
  /** The person's last action by Meta's time (capped at our receipt): the window counts from here. Null: never. */
  lastPersonAt: z.int().nullable(),
  /** When anybody last said anything. Null: the thread is new. */
  lastWordAt: z.int().nullable(),
  /** The next bot words must begin with the disclosure. */
  disclosureDue: z.boolean(),
  /** The person's last message got no answer from any flow. */
  unanswered: z.boolean(),
})
export type LaneState = z.infer<typeof LaneState>

export const newLaneState = (): LaneState => ({
  schemaVersion: 1,
  hold: { by: 'bot' },
  optedOut: false,
  run: null,
  contact: { name: null, username: null, attributes: {}, tags: [] },
  marks: [],
  timers: {},
  generation: 0,
  kept: [],
  hops: 0,
  lastPersonAt: null,
  lastWordAt: null,
  disclosureDue: true,
  unanswered: false,
})
