import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { flow } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'
import { findFlow } from './find-flow'
import { readDocument } from './read-document'

export const SaveDraftInput = z.strictObject({
  flowId: z.string(),
  /** The revision this draft was made from. */
  revision: z
    .int()
    .min(1)
    .max(2 ** 31 - 2),
  document: z.looseObject({}),
})
export type SaveDraftInput = z.input<typeof SaveDraftInput>

/**
 * Replaces the draft, if nobody saved in between.
 * @throws AppError invalid · not-found · conflict, with `current: {revision, draft}`
 */
export async function saveDraft(ctx: Ctx, input: SaveDraftInput): Promise<{ revision: number }> {
  requireRole(ctx, 'editor')
  const { flowId, revision, document } = SaveDraftInput.parse(input)
  const draft = readDocument(document)
  return inWorkspace(ctx, async (tx) => {
    const [saved] = await tx
      .update(flow)
      .set({ draft, name: draft.name, draftRevision: revision + 1, updatedAt: sql`app_now()` })
      .where(and(eq(flow.id, flowId), eq(flow.workspaceId, ctx.workspaceId), eq(flow.draftRevision, revision)))
      .returning({ revision: flow.draftRevision })
    if (saved) return saved
    const now = await findFlow(tx, ctx, flowId)
    throw new AppError(
      'conflict',
      `Somebody else saved this flow; it is at revision ${now.draftRevision}. Bring your changes to that one.`,
      {
        current: { revision: now.draftRevision, draft: now.draft },
      },
    )
  })
}
