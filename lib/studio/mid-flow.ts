import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '@/lib/db/client'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { conversation } from '@/lib/db/schema/conversation'
import { flowVersion } from '@/lib/db/schema/flow'
import { findFlow } from './find-flow'
import type { VersionSummary } from './get-flow'
import { readDocument } from './read-document'

/** People whose run is of this version, now. */
export interface MidFlow {
  version: number
  people: number
  /** Of them: those who stand at a node that the draft still has, so that a publish can move them. */
  movable: number
}

/** One row a version somebody is in the middle of. */
export async function countMidFlow(
  tx: Tx,
  ctx: Pick<Ctx, 'workspaceId'>,
  flowId: string,
  draftNodes: ReadonlySet<string>,
): Promise<MidFlow[]> {
  const node = sql<string | null>`${conversation.state}->'run'->'frames'->0->>'node'`
  const rows = await tx
    .select({ version: sql<number>`${conversation.runVersion}`, node, people: sql<number>`count(*)::int` })
    .from(conversation)
    .where(and(eq(conversation.workspaceId, ctx.workspaceId), eq(conversation.runFlow, flowId)))
    .groupBy(conversation.runVersion, node)
  const counts = new Map<number, MidFlow>()
  for (const row of rows) {
    const count = counts.get(row.version) ?? { version: row.version, people: 0, movable: 0 }
    count.people += row.people
    if (row.node !== null && draftNodes.has(row.node)) count.movable += row.people
    counts.set(row.version, count)
  }
  return [...counts.values()].sort((a, b) => b.version - a.version)
}

export type VersionRow = VersionSummary & Omit<MidFlow, 'version'>

/** Newest first, with how many people are in the middle of each. @throws AppError not-found */
export function listVersions(ctx: Ctx, flowId: string): Promise<VersionRow[]> {
  return inWorkspace(ctx, async (tx) => {
    const { draft } = await findFlow(tx, ctx, flowId)
    const nodes = new Set(readDocument(draft).nodes.map((node) => node.id))
    const counts = await countMidFlow(tx, ctx, flowId, nodes)
    const { version, note, publishedBy, createdAt } = flowVersion
    const rows = await tx
      .select({ version, note, publishedBy, createdAt })
      .from(flowVersion)
      .where(and(eq(flowVersion.flowId, flowId), eq(flowVersion.workspaceId, ctx.workspaceId)))
      .orderBy(sql`${version} desc`)
    return rows.map((row) => {
      const count = counts.find((each) => each.version === row.version)
      return {
        version: row.version,
        note: row.note,
        publishedBy: row.publishedBy,
        publishedAt: row.createdAt.getTime(),
        people: count?.people ?? 0,
        movable: count?.movable ?? 0,
      }
    })
  })
}
