import { sql } from 'drizzle-orm'
import type { Actor } from '@/lib/flow/event'
import type { Db, Tx } from './client'
import type { Role } from './schema/workspace'

/** Who acts, in which workspace, with which rights. Every verb takes one first. */
export interface Ctx {
  db: Db
  workspaceId: string
  actor: Actor
  role: Role
}

/**
 * Runs a transaction in which row security hides every other workspace's rows, should a `where` forget to.
 * The setting is local to the transaction, so pooled connections carry nothing over.
 */
export function inWorkspace<T>(ctx: Pick<Ctx, 'db' | 'workspaceId'>, work: (tx: Tx) => Promise<T>): Promise<T> {
  return ctx.db.transaction(async (tx) => {
    await tx.execute(sql`select set_config('parley.workspace_id', ${ctx.workspaceId}, true)`)
    return work(tx)
  })
}
