import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import type { Tx } from '@/lib/db/client'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { isStorable } from '@/lib/db/is-storable'
import { appendLaneEvents, type LaneKey } from '@/lib/db/lane-events'
import { inboundEvent, seen } from '@/lib/db/schema/lane'
import { AppError } from '@/lib/errors'
import { isOver, type LimitName, limits, measure } from '@/lib/flow/limits'
import type { OutgoingMessage } from '@/lib/flow/message'
import { windowAt } from '@/lib/flow/window'
import { findLane } from './find-lane'

export const ReplyInput = z.strictObject({
  conversationId: z.uuid(),
  /** Made up by the caller, once a message: sending it again is safe. */
  clientId: z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 printable ASCII characters without spaces'),
  message: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('text'),
      text: z
        .string()
        .refine((text) => text.trim() !== '', 'must not be empty')
        .refine(isStorable, 'holds a character that cannot be stored: NUL, or half of a surrogate pair'),
    }),
    z.strictObject({
      type: z.literal('image'),
      url: z.url({ protocol: /^https?$/ }).refine(isStorable, 'holds a character that cannot be stored'),
    }),
  ]),
})
export type ReplyInput = z.input<typeof ReplyInput>

export interface Replied {
  clientId: string
  /** Of the event that will be applied; the message appears in the thread with this clientId. */
  eventId: string
  /** True when this clientId had been taken in before: nothing new will be sent. */
  isRepeat: boolean
}

const WINDOW_REASONS = {
  'never-wrote': 'The person has not written yet; on Instagram they have to write first.',
  'over-7-days': 'The person last wrote more than 7 days ago; Instagram lets people answer for 7 days. They have to write first.',
}

function refuseOver(name: LimitName, field: string, value: string): void {
  if (!isOver(name, value)) return
  const { max, unit, source } = limits[name]
  const measured = measure(name, value)
  throw new AppError('refused', `The ${field} has ${measured} ${unit}; Instagram takes at most ${max}.`, {
    limit: name,
    max,
    unit,
    measured,
    source,
  })
}

const dedupeKeyOf = (igsid: string, clientId: string): string => `reply:${igsid}:${clientId}`

/** The event that a clientId made in this lane, and what it said. Asks `seen` first: the lane's events have no such index. */
async function findReply(tx: Tx, lane: LaneKey, clientId: string) {
  const [known] = await tx
    .select({ key: seen.dedupeKey })
    .from(seen)
    .where(and(eq(seen.accountId, lane.accountId), eq(seen.dedupeKey, dedupeKeyOf(lane.igsid, clientId))))
  if (!known) return undefined
  const [row] = await tx
    .select({ id: inboundEvent.id, message: sql<OutgoingMessage>`${inboundEvent.payload}->'message'` })
    .from(inboundEvent)
    .where(
      and(
        eq(inboundEvent.accountId, lane.accountId),
        eq(inboundEvent.igsid, lane.igsid),
        eq(inboundEvent.kind, 'reply'),
        sql`${inboundEvent.payload}->>'clientId' = ${clientId}`,
      ),
    )
  return row
}

/** Key order does not count: the database keeps JSON in an order of its own. */
const isSame = (a: OutgoingMessage, b: OutgoingMessage) =>
  a.type === 'text' ? b.type === 'text' && a.text === b.text : b.type === 'image' && a.url === b.url

/**
 * An agent answers. Whatever is refused is refused here, before anything is stored; the window is looked at once more when
 * the message goes out.
 * @throws AppError not-found · refused, when the text is over Instagram's limit or the window is closed to people too ·
 * conflict, when the clientId was used for other words
 */
export async function reply(ctx: Ctx, input: ReplyInput): Promise<Replied> {
  requireRole(ctx, 'agent')
  const { conversationId, clientId, message } = ReplyInput.parse(input)
  if (message.type === 'text') refuseOver('text', 'text', message.text)
  else refuseOver('url', 'address', message.url)
  return inWorkspace(ctx, async (tx) => {
    const lane = await findLane(tx, ctx, conversationId)
    const before = await findReply(tx, lane, clientId)
    if (!before) {
      const window = windowAt(lane.lastPersonAt, lane.now)
      // Human-only is enough: an agent is a person, whichever program they use.
      if (window.state === 'closed') throw new AppError('refused', WINDOW_REASONS[window.why], { window })
    }
    const { accountId, igsid } = lane
    const event = { type: 'reply', by: ctx.actor, clientId, message } as const
    const dedupeKey = dedupeKeyOf(igsid, clientId)
    const [eventId] = before
      ? [null]
      : await appendLaneEvents(tx, [{ accountId, igsid, workspaceId: ctx.workspaceId, event, dedupeKey }])
    if (eventId) return { clientId, eventId, isRepeat: false }
    // Seen before, or taken in by a request that ran beside this one and held the lane's lock first.
    const first = before ?? (await findReply(tx, lane, clientId))
    if (!first) throw new AppError('conflict', 'This clientId was used before; make a new one.')
    if (!isSame(message, first.message))
      throw new AppError('conflict', 'This clientId was used for another message; make a new one.')
    return { clientId, eventId: String(first.id), isRepeat: true }
  })
}
