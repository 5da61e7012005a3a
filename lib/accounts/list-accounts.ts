import { and, asc, eq } from 'drizzle-orm'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { account, connection, type Route } from '@/lib/db/schema/account'
import { deployment } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'
import { webhookUrlOf } from './connect-manually'

export interface AccountView {
  /** IG_ID. */
  id: string
  username: string | null
  name: string | null
  connections: {
    id: string
    route: Route
    nodeId: string
    graphUrl: string | null
    graphVersion: string | null
    status: 'active' | 'reconnect'
    statusReason: string | null
    isSandbox: boolean
    hasAppSecret: boolean
    hasVerifyToken: boolean
    webhookUrl: string
  }[]
  /** What runs on it, in order. */
  deployments: { flowId: string; version: number }[]
}

/** A workspace has few accounts, so they come all at once. Nothing sealed is read beyond whether it is there. */
export function listAccounts(ctx: Ctx): Promise<AccountView[]> {
  return readAccounts(ctx, null)
}

/** @throws AppError not-found */
export async function getAccount(ctx: Ctx, accountId: string): Promise<AccountView> {
  const [found] = await readAccounts(ctx, accountId)
  if (!found) throw new AppError('not-found', 'There is no such account.')
  return found
}

function readAccounts(ctx: Ctx, accountId: string | null): Promise<AccountView[]> {
  const { workspaceId } = ctx
  return inWorkspace(ctx, async (tx) => {
    const accounts = await tx
      .select()
      .from(account)
      .where(and(eq(account.workspaceId, workspaceId), accountId === null ? undefined : eq(account.id, accountId)))
      .orderBy(asc(account.createdAt), asc(account.id))
    const connections = await tx
      .select()
      .from(connection)
      .where(and(eq(connection.workspaceId, workspaceId), accountId === null ? undefined : eq(connection.accountId, accountId)))
      .orderBy(asc(connection.createdAt), asc(connection.id))
    const deployments = await tx
      .select()
      .from(deployment)
      .where(and(eq(deployment.workspaceId, workspaceId), accountId === null ? undefined : eq(deployment.accountId, accountId)))
      .orderBy(asc(deployment.position), asc(deployment.flowId))
    return accounts.map(({ id, username, name }) => ({
      id,
      username,
      name,
      connections: connections
        .filter((row) => row.accountId === id)
        .map((row) => ({
          id: row.id,
          route: row.route,
          nodeId: row.nodeId,
          graphUrl: row.graphUrl,
          graphVersion: row.graphVersion,
          status: row.status,
          statusReason: row.statusReason,
          isSandbox: row.isSandbox,
          hasAppSecret: row.appSecret !== null,
          hasVerifyToken: row.verifyToken !== null,
          webhookUrl: webhookUrlOf({ id: row.id, hasAppSecret: row.appSecret !== null }),
        })),
      deployments: deployments.filter((row) => row.accountId === id).map(({ flowId, version }) => ({ flowId, version })),
    }))
  })
}
