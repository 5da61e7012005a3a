import { z } from 'zod'
import { OutgoingMessage } from './message'

/**
 * Everything that can happen to a lane, as plain JSON. Times are milliseconds since 1970.
 * `at` is when we received it and moves the lane's time; `sentAt` is Meta's own time and serves windows and display only.
 */
const base = {
  /** The stored event's identity, in decimal. Grows along a lane. */
  id: z.string(),
  at: z.int(),
  /** The event's chance, 0 to 2^32 - 1: the nth draw is a hash of it, the node and the hop. */
  chance: z.int().min(0).max(0xffffffff),
}
const heard = { ...base, sentAt: z.int() }

export const Attachment = z.strictObject({ type: z.string(), url: z.string().nullable() })
export type Attachment = z.infer<typeof Attachment>

/** Who did something that is not the bot and not the person. */
export const Actor = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('user'), id: z.string(), name: z.string() }),
  z.strictObject({ type: z.literal('api-key'), id: z.string(), name: z.string() }),
])
export type Actor = z.infer<typeof Actor>

/** What happens to people mid-flow when a new version is published. */
export const PublishPolicy = z.enum(['finish', 'move', 'restart'])
export type PublishPolicy = z.infer<typeof PublishPolicy>

export const LaneEvent = z.discriminatedUnion('type', [
  // ——— from Instagram, by the person
  z.strictObject({
    ...heard,
    type: z.literal('message'),
    mid: z.string(),
    text: z.string().nullable(),
    /** The payload of the chip that was tapped; null when typed. E-mail and phone chips bring the value itself. */
    chip: z.string().nullable(),
    attachments: z.array(Attachment),
    /** Quotes another message, or answers a story. */
    replyTo: z.union([z.strictObject({ mid: z.string() }), z.strictObject({ storyUrl: z.string().nullable() })]).nullable(),
  }),
  z.strictObject({ ...heard, type: z.literal('postback'), mid: z.string().nullable(), title: z.string(), payload: z.string() }),
  z.strictObject({ ...heard, type: z.literal('reaction'), mid: z.string(), emoji: z.string().nullable() }),
  z.strictObject({ ...heard, type: z.literal('seen'), mid: z.string() }),
  z.strictObject({ ...heard, type: z.literal('unsent'), mid: z.string() }),
  z.strictObject({ ...heard, type: z.literal('edited'), mid: z.string(), text: z.string() }),
  /** Something Instagram told us about this person that we cannot read yet. Kept, never acted upon. */
  z.strictObject({ ...heard, type: z.literal('unknown') }),
  // ——— from Instagram, by the account's own side
  z.strictObject({
    ...heard,
    type: z.literal('echo'),
    mid: z.string(),
    text: z.string().nullable(),
    attachments: z.array(Attachment),
    /** Decided by the engine at step time and stored: nobody here sent it, so someone typed it in the Instagram app. */
    foreign: z.boolean(),
  }),
  // ——— from time
  z.strictObject({ ...base, type: z.literal('timer'), timerId: z.string(), generation: z.int() }),
  // ——— from people in Parley
  z.strictObject({ ...base, type: z.literal('take-over'), by: Actor }),
  z.strictObject({ ...base, type: z.literal('hand-back'), by: Actor }),
  z.strictObject({ ...base, type: z.literal('reply'), by: Actor, clientId: z.string(), message: OutgoingMessage }),
  z.strictObject({ ...base, type: z.literal('publish'), flow: z.string(), version: z.int(), policy: PublishPolicy }),
  // ——— from the engine
  /** An outbox row ended `failed`. The run's later rows are already cancelled when this is heard. */
  z.strictObject({
    ...base,
    type: z.literal('send-failed'),
    run: z.string().nullable(),
    node: z.string().nullable(),
    reason: z.string(),
  }),
  /** What Instagram tells about the person, asked for when they first wrote. */
  z.strictObject({ ...base, type: z.literal('profile'), name: z.string().nullable(), username: z.string().nullable() }),
  /** Applying an event threw three times; it stands in dead_letter and its place in the lane is taken by this one. */
  z.strictObject({ ...base, type: z.literal('dead-letter'), event: z.string() }),
])
export type LaneEvent = z.infer<typeof LaneEvent>
export type LaneEventType = LaneEvent['type']
export type EventOf<T extends LaneEventType> = Extract<LaneEvent, { type: T }>

/** Events by which a person speaks to us: they open the window, reset the hop count and are offered to flows. */
export const PERSON_EVENTS = ['message', 'postback'] as const satisfies readonly LaneEventType[]
