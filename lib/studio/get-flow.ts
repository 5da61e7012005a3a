import { and, asc, desc, eq, max, sql } from 'drizzle-orm'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { deployment, flow, flowVersion } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'
import type { FlowDocument } from '@/lib/flow/flow'
import { findFlow } from './find-flow'
import { readDocument } from './read-document'

/** Times are milliseconds since 1970. */
export interface FlowSummary {
  id: string
  name: string
  /** Name it when saving: a save from an older one is refused. */
  revision: number
  /** The newest published one; null: never published. */
  latestVersion: number | null
  createdAt: number
  updatedAt: number
}
export interface FlowView extends FlowSummary {
  draft: FlowDocument
  deployments: { accountId: string; version: number }[]
}

type Row = typeof flow.$inferSelect

const summaryOf = (row: Omit<Row, 'draft'>, latestVersion: number | null): FlowSummary => ({
  id: row.id,
  name: row.name,
  revision: row.draftRevision,
  latestVersion,
  createdAt: row.createdAt.getTime(),
  updatedAt: row.updatedAt.getTime(),
})

export const viewOfFlow = (
  row: Row,
  latestVersion: number | null = null,
  deployments: FlowView['deployments'] = [],
): FlowView => ({ ...summaryOf(row, latestVersion), draft: readDocument(row.draft), deployments })

/** @throws AppError not-found */
export function getFlow(ctx: Ctx, flowId: string): Promise<FlowView> {
  return inWorkspace(ctx, async (tx) => {
    const row = await findFlow(tx, ctx, flowId)
    const [newest] = await tx
      .select({ version: max(flowVersion.version) })
      .from(flowVersion)
      .where(and(eq(flowVersion.flowId, flowId), eq(flowVersion.workspaceId, ctx.workspaceId)))
    const deployments = await tx
      .select({ accountId: deployment.accountId, version: deployment.version })
      .from(deployment)
      .where(and(eq(deployment.flowId, flowId), eq(deployment.workspaceId, ctx.workspaceId)))
      .orderBy(asc(deployment.accountId))
    return viewOfFlow(row, newest?.version ?? null, deployments)
  })
}

/** All flows of the workspace, the last changed first; without their documents. */
export function listFlows(ctx: Ctx): Promise<FlowSummary[]> {
  const { id, name, draftRevision, createdAt, updatedAt, workspaceId } = flow
  return inWorkspace(ctx, async (tx) => {
    const rows = await tx
      .select({
        row: { id, name, draftRevision, createdAt, updatedAt, workspaceId },
        latestVersion: sql<number | null>`(select max(v.version) from flow_version v where v.flow_id = ${flow.id})`,
      })
      .from(flow)
      .where(eq(flow.workspaceId, ctx.workspaceId))
      .orderBy(desc(flow.updatedAt), desc(flow.id))
    return rows.map(({ row, latestVersion }) => summaryOf(row, latestVersion))
  })
}

/** Times are milliseconds since 1970. */
export interface VersionSummary {
  version: number
  note: string | null
  publishedBy: string
  publishedAt: number
}
export interface VersionView extends VersionSummary {
  document: FlowDocument
}

/** A published snapshot. @throws AppError not-found */
export function getVersion(ctx: Ctx, flowId: string, version: number): Promise<VersionView> {
  return inWorkspace(ctx, async (tx) => {
    const [row] = await tx
      .select()
      .from(flowVersion)
      .where(and(eq(flowVersion.flowId, flowId), eq(flowVersion.version, version), eq(flowVersion.workspaceId, ctx.workspaceId)))
    if (!row) throw new AppError('not-found', 'There is no such version of this flow.')
    const { note, publishedBy, createdAt } = row
    return { version, note, publishedBy, publishedAt: createdAt.getTime(), document: readDocument(row.document) }
  })
}
