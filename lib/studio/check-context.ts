import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Tx } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { deployment, flow, flowVersion } from '@/lib/db/schema/flow'
import { workspace } from '@/lib/db/schema/workspace'
import type { CheckContext } from '@/lib/flow/check'
import { Settings } from '@/lib/flow/settings'
import { readDocument } from './read-document'

export async function settingsOf(tx: Tx, { workspaceId }: Pick<Ctx, 'workspaceId'>): Promise<Settings> {
  const [row] = await tx.select({ settings: workspace.settings }).from(workspace).where(eq(workspace.id, workspaceId))
  return Settings.parse(row?.settings ?? {})
}

/**
 * What stands around a flow: the workspace's settings, and the flows that are asked before it on any of these accounts. On
 * an account where it does not run yet it comes last.
 */
export async function checkContextOf(
  tx: Tx,
  ctx: Pick<Ctx, 'workspaceId'>,
  flowId: string,
  accounts: string[],
): Promise<CheckContext> {
  const settings = await settingsOf(tx, ctx)
  if (accounts.length === 0) return { settings, before: [] }
  const rows = await tx
    .select({
      accountId: deployment.accountId,
      flowId: flow.id,
      name: flow.name,
      version: deployment.version,
      document: flowVersion.document,
    })
    .from(deployment)
    .innerJoin(flow, eq(flow.id, deployment.flowId))
    .innerJoin(flowVersion, and(eq(flowVersion.flowId, deployment.flowId), eq(flowVersion.version, deployment.version)))
    .where(and(eq(deployment.workspaceId, ctx.workspaceId), inArray(deployment.accountId, accounts)))
    .orderBy(asc(deployment.position), asc(deployment.flowId))
  const before = new Map<string, { name: string; document: ReturnType<typeof readDocument> }>()
  for (const accountId of accounts) {
    const there = rows.filter((row) => row.accountId === accountId)
    const own = there.findIndex((row) => row.flowId === flowId)
    for (const row of own < 0 ? there : there.slice(0, own)) {
      before.set(`${row.flowId}@${row.version}`, { name: row.name, document: readDocument(row.document) })
    }
  }
  return { settings, before: [...before.values()] }
}

/** Where a flow runs, in the order of the accounts' ids. */
export async function accountsOf(tx: Tx, { workspaceId }: Pick<Ctx, 'workspaceId'>, flowId: string): Promise<string[]> {
  const rows = await tx
    .select({ id: deployment.accountId })
    .from(deployment)
    .where(and(eq(deployment.flowId, flowId), eq(deployment.workspaceId, workspaceId)))
    .orderBy(deployment.accountId)
  return rows.map(({ id }) => id)
}
