import { randomUUID } from 'node:crypto'
import { and, desc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { account, connection, ROUTES } from '@/lib/db/schema/account'
import { readEnv } from '@/lib/env'
import { AppError } from '@/lib/errors'
import { identify } from './identify'
import { forgetConnections } from './resolve-connection'
import { requireRole } from './role'
import { seal } from './seal'

const Origin = z
  .url({ protocol: /^https?$/, error: 'must be an address such as https://graph.instagram.com' })
  .refine((value) => !/[?#]/.test(value), 'must not have a query or a fragment')
  .refine((value) => !/^[^/]*\/\/[^/]*@/.test(value), 'must not have a name or a password in it')
  .transform((value) => value.replace(/\/+$/, ''))
const Credential = z
  .string()
  .trim()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
const GraphId = z.string().regex(/^\d{1,32}$/, 'must be digits')

export const ConnectInput = z.strictObject({
  route: z.enum(ROUTES),
  accessToken: Credential,
  /** Signs this connection's webhooks. Left out: kept as it was, at first the deployment's app secrets. Null: removed. */
  appSecret: Credential.nullish(),
  /** What Meta must send when it verifies this connection's callback. Left out: kept. Null: removed. */
  verifyToken: Credential.nullish(),
  /** Overrides of the deployment's origin and version for this connection. */
  graphUrl: Origin.optional(),
  graphVersion: z
    .string()
    .regex(/^v\d+\.\d+$/, 'must look like v26.0')
    .optional(),
  /** If given, what the token belongs to must be exactly this. */
  pageId: GraphId.optional(),
  igId: GraphId.optional(),
})
export type ConnectInput = z.input<typeof ConnectInput>

export interface Connected {
  /** IG_ID. */
  id: string
  username: string | null
  name: string | null
  connectionId: string
  /** True when the account is new here. */
  isNew: boolean
  /** The callback to enter at Meta. */
  webhookUrl: string
}

/** Its own path when it has its own secret: the deployment's app secrets do not sign what arrives there. */
export function webhookUrlOf(row: { id: string; hasAppSecret: boolean }): string {
  const base = `${readEnv().APP_URL}/api/webhooks/instagram`
  return row.hasAppSecret ? `${base}/${row.id}` : base
}

/**
 * Connects an account with a token somebody pasted. Graph says whose token it is; nothing is stored before it has.
 * Connecting again keeps the account, its conversations and flows, and renews the connection of the same route.
 * @throws AppError refused (422) when Graph does not accept the token or is not there, conflict (409) when the account
 * belongs to another workspace.
 */
export async function connectManually(ctx: Ctx, input: ConnectInput): Promise<Connected> {
  requireRole(ctx, 'admin')
  const wanted = ConnectInput.parse(input)
  const env = readEnv()
  const identity = await identify({
    route: wanted.route,
    graphUrl: wanted.graphUrl ?? (wanted.route === 'instagram' ? env.INSTAGRAM_GRAPH_URL : env.FACEBOOK_GRAPH_URL),
    version: wanted.graphVersion ?? env.GRAPH_VERSION,
    token: wanted.accessToken,
    pageId: wanted.pageId,
    igId: wanted.igId,
  })
  const { workspaceId } = ctx
  const connected = await inWorkspace(ctx, async (tx) => {
    const known = { username: identity.username, name: identity.name }
    // Do nothing, rather than update: a row of another workspace must neither be changed nor seen.
    const created = await tx
      .insert(account)
      .values({ id: identity.igId, workspaceId, ...known })
      .onConflictDoNothing()
      .returning({ id: account.id })
    const mine = await tx
      .update(account)
      .set(known)
      .where(and(eq(account.id, identity.igId), eq(account.workspaceId, workspaceId)))
      .returning({ id: account.id })
    if (mine.length === 0)
      throw new AppError('conflict', 'This Instagram account is connected in another workspace; disconnect it there first.')
    const [before] = await tx
      .select()
      .from(connection)
      .where(
        and(eq(connection.workspaceId, workspaceId), eq(connection.accountId, identity.igId), eq(connection.route, wanted.route)),
      )
      .orderBy(desc(connection.createdAt))
      .limit(1)
    const id = before?.id ?? randomUUID()
    const place = (column: string) => ({ table: 'connection', column, rowId: id })
    const sealedOrKept = (column: string, value: string | null | undefined, kept: string | null) =>
      value === undefined ? kept : value === null ? null : seal(value, place(column))
    const values = {
      nodeId: identity.nodeId,
      graphUrl: wanted.graphUrl ?? null,
      graphVersion: wanted.graphVersion ?? null,
      token: seal(wanted.accessToken, place('token')),
      appSecret: sealedOrKept('app_secret', wanted.appSecret, before?.appSecret ?? null),
      verifyToken: sealedOrKept('verify_token', wanted.verifyToken, before?.verifyToken ?? null),
      status: 'active' as const,
      statusReason: null,
    }
    if (before)
      await tx
        .update(connection)
        .set(values)
        .where(and(eq(connection.id, id), eq(connection.workspaceId, workspaceId)))
    else await tx.insert(connection).values({ id, workspaceId, accountId: identity.igId, route: wanted.route, ...values })
    // Sends that waited for a new login go out now.
    await tx.execute(sql`delete from account_budget where account_id = ${identity.igId} and workspace_id = ${workspaceId}`)
    const webhookUrl = webhookUrlOf({ id, hasAppSecret: values.appSecret !== null })
    return { id: identity.igId, ...known, connectionId: id, isNew: created.length > 0, webhookUrl }
  })
  forgetConnections()
  return connected
}
