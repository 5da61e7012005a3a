import { text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** Columns that many tables share. */

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const createdAt = timestamp('created_at', { withTimezone: true }).notNull().defaultNow()

/** Of the engine's tables: no foreign key, which would lock the workspace's row on every message. */
export const workspaceId = uuid('workspace_id').notNull()

/** (account, person): what every key of the engine begins with. */
export const laneKey = { accountId: text('account_id').notNull(), igsid: text('igsid').notNull() }
