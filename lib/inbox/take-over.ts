import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { appendOne } from './append-one'
import { findLane } from './find-lane'

export const TakeOverInput = z.strictObject({ conversationId: z.uuid() })
export type TakeOverInput = z.input<typeof TakeOverInput>

/**
 * From the moment this event is applied the flow is silent and the agent holds the conversation. Bot messages not yet in
 * flight are cancelled then. The lane's order settles who was first. @throws AppError not-found
 */
export async function takeOver(ctx: Ctx, input: TakeOverInput): Promise<{ eventId: string }> {
  requireRole(ctx, 'agent')
  const { conversationId } = TakeOverInput.parse(input)
  return inWorkspace(ctx, async (tx) => {
    const lane = await findLane(tx, ctx, conversationId)
    return { eventId: await appendOne(tx, ctx, lane, { type: 'take-over', by: ctx.actor }) }
  })
}
