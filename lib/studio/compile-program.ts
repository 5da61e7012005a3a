import { randomBytes } from 'node:crypto'
import { and, asc, eq } from 'drizzle-orm'
import type { Tx } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { account, program } from '@/lib/db/schema/account'
import { deployment } from '@/lib/db/schema/flow'
import { settingsOf } from './check-context'

/**
 * Writes an account's deployments and the workspace's settings as a new program, which its lanes step through from now on.
 * Older programs stay: applied events name them. The account's row must be locked. Returns the program's id.
 */
export async function compileProgram(tx: Tx, ctx: Pick<Ctx, 'workspaceId'>, accountId: string): Promise<string> {
  const { workspaceId } = ctx
  const deployments = await tx
    .select({ flow: deployment.flowId, version: deployment.version })
    .from(deployment)
    .where(and(eq(deployment.accountId, accountId), eq(deployment.workspaceId, workspaceId)))
    .orderBy(asc(deployment.position), asc(deployment.flowId))
  const id = `prog_${randomBytes(12).toString('base64url')}`
  await tx.insert(program).values({ accountId, id, workspaceId, settings: await settingsOf(tx, ctx), deployments })
  await tx
    .update(account)
    .set({ programId: id })
    .where(and(eq(account.id, accountId), eq(account.workspaceId, workspaceId)))
  return id
}

/** Locks accounts in the order of their ids, so that two publishes never wait for each other. Returns those that exist. */
export async function lockAccounts(
  tx: Tx,
  { workspaceId }: Pick<Ctx, 'workspaceId'>,
  ids: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const id of [...new Set(ids)].sort()) {
    const rows = await tx
      .select({ id: account.id })
      .from(account)
      .where(and(eq(account.id, id), eq(account.workspaceId, workspaceId)))
      .for('update')
    if (rows.length > 0) found.add(id)
  }
  return found
}
