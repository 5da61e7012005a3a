import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { appendOne } from './append-one'
import { findLane } from './find-lane'

export const HandBackInput = z.strictObject({ conversationId: z.uuid() })
export type HandBackInput = z.input<typeof HandBackInput>

/** Gives the conversation back to the bot: a waiting hand-off goes on by *returned*. @throws AppError not-found */
export async function handBack(ctx: Ctx, input: HandBackInput): Promise<{ eventId: string }> {
  requireRole(ctx, 'agent')
  const { conversationId } = HandBackInput.parse(input)
  return inWorkspace(ctx, async (tx) => {
    const lane = await findLane(tx, ctx, conversationId)
    return { eventId: await appendOne(tx, ctx, lane, { type: 'hand-back', by: ctx.actor }) }
  })
}
