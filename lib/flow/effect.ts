import { z } from 'zod'
import { Actor } from './event'
import { OutgoingMessage } from './message'

/** Who says an outgoing message. A bot never gets the HUMAN_AGENT tag: that is decided by this and nothing else. */
export const Author = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bot'), flow: z.string(), version: z.int(), node: z.string(), run: z.string() }),
  z.strictObject({ type: z.literal('agent'), by: Actor, clientId: z.string() }),
  /** Parley itself: the confirmation of "stop" and "start". */
  z.strictObject({ type: z.literal('system') }),
])
export type Author = z.infer<typeof Author>

/** Lines the inbox shows between the bubbles. `problem` lines ask for a person's attention. */
export const RecordCode = z.enum([
  'took-over',
  'handed-back',
  'app-took-over', // someone typed in the Instagram app
  'queued', // the flow asked for a person
  'nobody-came', // the hand-off timed out
  'opted-out',
  'opted-in',
  'run-started',
  'run-ended',
  'run-superseded',
  'run-timed-out',
  'run-moved', // a publish moved it to a newer version
  'run-stuck', // problem: too many hops, or its node is gone
  'run-failed', // problem: a send failed or a text could not be rendered
  'send-failed', // problem: a message of a person or of Parley itself was not delivered
  'title-too-long', // problem: a rendered chip title is over Instagram's limit
  'unanswered', // nothing in the flows answered
  'dead-letter', // problem: an event could not be applied
])
export type RecordCode = z.infer<typeof RecordCode>

/** What a step asks the engine to do, in order, as plain JSON. Rows only: nothing here is done while stepping. */
export const Effect = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('send'), message: OutgoingMessage, author: Author }),
  /** Overwrites the timer of the same id. A firing with another generation is ignored. */
  z.strictObject({ type: z.literal('set-timer'), timerId: z.string(), generation: z.int(), fireAt: z.int() }),
  z.strictObject({ type: z.literal('cancel-timer'), timerId: z.string() }),
  /** Bot rows of this run (null: of any run) that are not yet in flight become `cancelled`. */
  z.strictObject({ type: z.literal('cancel-sends'), run: z.string().nullable(), reason: z.string() }),
  z.strictObject({
    type: z.literal('record'),
    code: RecordCode,
    severity: z.enum(['info', 'problem']),
    /** Who did it, where a person did. */
    by: Actor.nullable(),
    flow: z.string().nullable(),
    node: z.string().nullable(),
    detail: z.string().nullable(),
  }),
])
export type Effect = z.infer<typeof Effect>
