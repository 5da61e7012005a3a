import { and, asc, eq, gt, lt, sql } from 'drizzle-orm'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { appendLaneEvents } from '@/lib/db/lane-events'
import { conversation } from '@/lib/db/schema/conversation'
import type { PublishPolicy } from '@/lib/flow/event'

/** Lanes locked by one transaction: short enough that nobody's message waits for a publish. */
const CHUNK = 200

interface News {
  flow: string
  version: number
  policy: PublishPolicy
  accounts: string[]
}

/**
 * Tells everybody in the middle of an older version, in the order in which lanes are locked everywhere. Each chunk is a
 * transaction of its own; who was told and whose run has moved on meanwhile is settled by the lane's own order.
 */
export async function tellMidFlow(ctx: Ctx, { flow, version, policy, accounts }: News): Promise<number> {
  const event = { type: 'publish', flow, version, policy } as const
  let told = 0
  for (const accountId of [...accounts].sort()) {
    let after = ''
    for (;;) {
      const chunk = await inWorkspace(ctx, async (tx) => {
        const lanes = await tx
          .select({ igsid: conversation.igsid })
          .from(conversation)
          .where(
            and(
              eq(conversation.workspaceId, ctx.workspaceId),
              eq(conversation.accountId, accountId),
              eq(conversation.runFlow, flow),
              lt(conversation.runVersion, version),
              gt(sql`${conversation.igsid} collate "C"`, after),
            ),
          )
          .orderBy(asc(sql`${conversation.igsid} collate "C"`))
          .limit(CHUNK)
        await appendLaneEvents(
          tx,
          lanes.map(({ igsid }) => ({ accountId, igsid, workspaceId: ctx.workspaceId, event, dedupeKey: null })),
        )
        return lanes
      })
      told += chunk.length
      const last = chunk.at(-1)
      if (!last || chunk.length < CHUNK) break
      after = last.igsid
    }
  }
  return told
}
