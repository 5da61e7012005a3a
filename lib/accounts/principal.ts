import { type Db, database } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { AppError } from '@/lib/errors'
import { authenticateApiKey } from './api-keys'

export type { Ctx }

/**
 * Who is asking, by `Authorization: Bearer <API key>`.
 * @throws AppError unauthenticated, in the same words for a missing, an unknown and a revoked key.
 */
export async function requirePrincipal(request: Request, db: Db = database().db): Promise<Ctx> {
  const key = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const ctx = key === undefined ? null : await authenticateApiKey(db, key)
  if (!ctx) throw new AppError('unauthenticated', 'Send a valid API key: "Authorization: Bearer parley_…".')
  return ctx
}
