import type { Sql } from '@/lib/db/client'
import type { Route } from '@/lib/db/schema/account'
import { readEnv } from '@/lib/env'
import { open } from './seal'
import type { Secret } from './secret'
import { shortCache } from './short-cache'

/** All that a Graph call for an account needs. */
export interface ResolvedConnection {
  connectionId: string
  workspaceId: string
  route: Route
  /** IG_ID on the Instagram route, PAGE_ID on the Facebook route. */
  nodeId: string
  graphUrl: string
  /** v26.0 */
  version: string
  token: Secret
  isSandbox: boolean
}

/** What the webhook door of one connection needs. */
export interface ConnectionWebhook {
  accountId: string
  workspaceId: string
  isSandbox: boolean
  /** Null: it has none of its own, and nothing may be accepted at its door. */
  appSecret: Secret | null
  verifyToken: Secret | null
}

/** As long as a replaced token may still be used by another process than the one that replaced it. */
const CACHE_MS = 5_000

const connections = shortCache<Sql, ResolvedConnection>(CACHE_MS)
const webhooks = shortCache<Sql, ConnectionWebhook>(CACHE_MS)

/** This process reads connections anew; others do within five seconds. */
export function forgetConnections(): void {
  connections.forget()
  webhooks.forget()
}

interface Row {
  id: string
  workspace_id: string
  account_id: string
  route: Route
  node_id: string
  graph_url: string | null
  graph_version: string | null
  token: string
  app_secret: string | null
  verify_token: string | null
  is_sandbox: boolean
}

const place = (column: string, rowId: string) => ({ table: 'connection', column, rowId })

/** How to reach an account: its newest active connection; null when it has none. Remembered for five seconds. */
export function connectionFor(sql: Sql, accountId: string): Promise<ResolvedConnection | null> {
  return connections.get(sql, accountId, async () => {
    const [row] = await sql<Row[]>`
      select id, workspace_id, route, node_id, graph_url, graph_version, token, is_sandbox from connection
      where account_id = ${accountId} and status = 'active' order by created_at desc, id limit 1`
    if (!row) return null
    const env = readEnv()
    return {
      connectionId: row.id,
      workspaceId: row.workspace_id,
      route: row.route,
      nodeId: row.node_id,
      graphUrl: row.graph_url ?? (row.route === 'instagram' ? env.INSTAGRAM_GRAPH_URL : env.FACEBOOK_GRAPH_URL),
      version: row.graph_version ?? env.GRAPH_VERSION,
      token: open(row.token, place('token', row.id)),
      isSandbox: row.is_sandbox,
    }
  })
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** The secrets of `/api/webhooks/instagram/{connection}`; null when there is no such connection. Remembered for five seconds. */
export async function connectionWebhook(sql: Sql, connectionId: string): Promise<ConnectionWebhook | null> {
  if (!UUID.test(connectionId)) return null
  return webhooks.get(sql, connectionId.toLowerCase(), async () => {
    const [row] = await sql<Row[]>`
      select id, account_id, workspace_id, is_sandbox, app_secret, verify_token from connection where id = ${connectionId}`
    if (!row) return null
    const opened = (column: string, sealed: string | null) => (sealed === null ? null : open(sealed, place(column, row.id)))
    return {
      accountId: row.account_id,
      workspaceId: row.workspace_id,
      isSandbox: row.is_sandbox,
      appSecret: opened('app_secret', row.app_secret),
      verifyToken: opened('verify_token', row.verify_token),
    }
  })
}
