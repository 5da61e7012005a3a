import { createHash, randomBytes } from 'node:crypto'
import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '@/lib/db/client'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { apiKey, ROLES } from '@/lib/db/schema/workspace'
import { AppError } from '@/lib/errors'
import { isAtLeast } from './role'

const KEY_BYTES = 32
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')

export const CreateApiKeyInput = z.strictObject({ name: z.string().trim().min(1).max(100), role: z.enum(ROLES) })
export type CreateApiKeyInput = z.input<typeof CreateApiKeyInput>

/** Makes a key. It is told once, here; only its hash is kept. Nobody can give more rights than they have. */
export async function createApiKey(ctx: Ctx, input: CreateApiKeyInput): Promise<{ id: string; key: string }> {
  const { name, role } = CreateApiKeyInput.parse(input)
  if (!isAtLeast(ctx.role, role))
    throw new AppError('forbidden', `You cannot make a key with more rights than yours (${ctx.role}).`)
  const key = `parley_${randomBytes(KEY_BYTES).toString('base64url')}`
  const createdBy = ctx.actor.type === 'user' ? ctx.actor.id : null
  const [row] = await inWorkspace(ctx, (tx) =>
    tx
      .insert(apiKey)
      .values({ workspaceId: ctx.workspaceId, name, role, keyHash: hashOf(key), createdBy })
      .returning({ id: apiKey.id }),
  )
  if (!row) throw new Error('the key was not stored')
  return { id: row.id, key }
}

export async function listApiKeys(ctx: Ctx) {
  const { id, name, role, lastUsedAt, revokedAt, createdAt } = apiKey
  return inWorkspace(ctx, (tx) =>
    tx
      .select({ id, name, role, lastUsedAt, revokedAt, createdAt })
      .from(apiKey)
      .where(eq(apiKey.workspaceId, ctx.workspaceId))
      .orderBy(desc(createdAt)),
  )
}

/** From now on the key opens nothing. Revoking twice is the same as once. */
export async function revokeApiKey(ctx: Ctx, id: string): Promise<void> {
  const rows = await inWorkspace(ctx, (tx) =>
    tx
      .update(apiKey)
      .set({ revokedAt: sql`coalesce(${apiKey.revokedAt}, app_now())` })
      .where(and(eq(apiKey.workspaceId, ctx.workspaceId), eq(apiKey.id, id)))
      .returning({ id: apiKey.id }),
  )
  if (rows.length === 0) throw new AppError('not-found', 'There is no such API key.')
}

/** Who a key speaks for; null when it is unknown or revoked. Found by its hash, so no comparison takes longer for a near miss. */
export async function authenticateApiKey(db: Db, key: string): Promise<Ctx | null> {
  if (!/^parley_[\w-]{43}$/.test(key)) return null
  const [row] = await db
    .select({
      id: apiKey.id,
      workspaceId: apiKey.workspaceId,
      name: apiKey.name,
      role: apiKey.role,
      // To the minute: a row written on every request would be the busiest of the database.
      isStale: sql<boolean>`${apiKey.lastUsedAt} is null or ${apiKey.lastUsedAt} not between app_now() - interval '1 minute' and app_now()`,
    })
    .from(apiKey)
    .where(and(eq(apiKey.keyHash, hashOf(key)), isNull(apiKey.revokedAt)))
  if (!row) return null
  const ctx: Ctx = { db, workspaceId: row.workspaceId, actor: { type: 'api-key', id: row.id, name: row.name }, role: row.role }
  if (row.isStale)
    await inWorkspace(ctx, (tx) => tx.update(apiKey).set({ lastUsedAt: sql`app_now()` }).where(eq(apiKey.id, row.id)))
  return ctx
}
