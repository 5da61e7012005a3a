import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { deployment } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'
import { compileProgram, lockAccounts } from './compile-program'
import { findFlow } from './find-flow'

export const UnpublishInput = z.strictObject({ flowId: z.string(), accountId: z.string() })
export type UnpublishInput = z.input<typeof UnpublishInput>

/** The flow starts no more runs on this account; those under way go on to their end. @throws AppError not-found */
export async function unpublish(ctx: Ctx, input: UnpublishInput): Promise<{ programId: string }> {
  requireRole(ctx, 'editor')
  const { flowId, accountId } = UnpublishInput.parse(input)
  return inWorkspace(ctx, async (tx) => {
    await findFlow(tx, ctx, flowId, 'update')
    await lockAccounts(tx, ctx, [accountId])
    const gone = await tx
      .delete(deployment)
      .where(and(eq(deployment.accountId, accountId), eq(deployment.flowId, flowId), eq(deployment.workspaceId, ctx.workspaceId)))
      .returning({ flowId: deployment.flowId })
    if (gone.length === 0) throw new AppError('not-found', 'This flow does not run on such an account.')
    return { programId: await compileProgram(tx, ctx, accountId) }
  })
}
