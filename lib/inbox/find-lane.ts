import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import type { LaneKey } from '@/lib/db/lane-events'
import { conversation } from '@/lib/db/schema/conversation'
import { AppError } from '@/lib/errors'

export interface FoundLane extends LaneKey {
  /** The person's last action, in milliseconds. */
  lastPersonAt: number | null
  /** `app_now()`, in milliseconds. */
  now: number
}

/** The lane behind a conversation's public id. @throws AppError not-found, for another workspace's id in the same words. */
export async function findLane(tx: Tx, ctx: Pick<Ctx, 'workspaceId'>, conversationId: string): Promise<FoundLane> {
  const [row] = await tx
    .select({
      accountId: conversation.accountId,
      igsid: conversation.igsid,
      lastPersonAt: conversation.lastPersonAt,
      now: sql<number>`(extract(epoch from app_now()) * 1000)::float8`,
    })
    .from(conversation)
    .where(and(eq(conversation.id, conversationId), eq(conversation.workspaceId, ctx.workspaceId)))
  if (!row) throw new AppError('not-found', 'There is no such conversation.')
  return { ...row, lastPersonAt: row.lastPersonAt?.getTime() ?? null }
}
