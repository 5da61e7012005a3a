import { and, eq } from 'drizzle-orm'
import type { Tx } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { flow } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'

/** The flow's row, locked if asked for. @throws AppError not-found, for another workspace's id in the same words. */
export async function findFlow(tx: Tx, ctx: Pick<Ctx, 'workspaceId'>, flowId: string, lock?: 'update') {
  const query = tx
    .select()
    .from(flow)
    .where(and(eq(flow.id, flowId), eq(flow.workspaceId, ctx.workspaceId)))
  const [row] = lock ? await query.for(lock) : await query
  if (!row) throw new AppError('not-found', 'There is no such flow.')
  return row
}
