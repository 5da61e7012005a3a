import { z } from 'zod'

/**
 * What can be said to a person, in our words. One outgoing message is one call of the Send API and one row of the outbox.
 * `lib/instagram/send.ts` turns it into Meta's payload. Shape only; `limits.ts` holds what Instagram accepts.
 */

/** A quick-reply chip. `email` and `phone` are filled in by Instagram from the person's profile and carry no payload. */
export const OutgoingChip = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), title: z.string(), payload: z.string() }),
  z.strictObject({ type: z.literal('email') }),
  z.strictObject({ type: z.literal('phone') }),
])
export type OutgoingChip = z.infer<typeof OutgoingChip>

export const OutgoingMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string(), chips: z.array(OutgoingChip).optional() }),
  z.strictObject({ type: z.literal('image'), url: z.string() }),
])
export type OutgoingMessage = z.infer<typeof OutgoingMessage>
