import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { flow } from '@/lib/db/schema/flow'
import { emptyFlow } from '@/lib/flow/flow'
import { type FlowView, viewOfFlow } from './get-flow'
import { readDocument } from './read-document'

export const CreateFlowInput = z.union([
  z.strictObject({ name: z.string().trim().min(1).max(200) }),
  /** A flow document of any version. */
  z.strictObject({ document: z.looseObject({}) }),
])
export type CreateFlowInput = z.input<typeof CreateFlowInput>

/** A new flow, empty or from a document. It may be unfinished: only its shape counts. @throws AppError invalid */
export async function createFlow(ctx: Ctx, input: CreateFlowInput): Promise<FlowView> {
  requireRole(ctx, 'editor')
  const wanted = CreateFlowInput.parse(input)
  const draft = readDocument('name' in wanted ? emptyFlow(wanted.name) : wanted.document)
  // Short, because every chip carries it to Instagram and back.
  const id = `flow_${randomBytes(9).toString('base64url')}`
  const now = sql`app_now()`
  const [row] = await inWorkspace(ctx, (tx) =>
    tx
      .insert(flow)
      .values({ id, workspaceId: ctx.workspaceId, name: draft.name, draft, createdAt: now, updatedAt: now })
      .returning(),
  )
  if (!row) throw new Error('the flow was not stored')
  return viewOfFlow(row)
}
