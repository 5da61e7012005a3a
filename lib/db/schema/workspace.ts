import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Settings } from '@/lib/flow/settings'
import { createdAt } from './columns'

export const ROLES = ['owner', 'admin', 'editor', 'agent', 'viewer'] as const
export type Role = (typeof ROLES)[number]

/** The tenant. Every other table but `user` carries its id, and row security compares it (see 0001's policies). */
export const workspace = pgTable('workspace', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  settings: jsonb('settings').$type<Partial<Settings>>().notNull().default({}),
  createdAt,
})

/** A person who signs in; may belong to several workspaces. Reached only through `member`. */
export const user = pgTable('user', {
  id: uuid('id').primaryKey().defaultRandom(),
  /** Lower case. */
  email: text('email').notNull().unique(),
  name: text('name').notNull(),
  /** scrypt, with its parameters: `scrypt$N$r$p$salt$hash` in base64url. */
  passwordHash: text('password_hash').notNull(),
  createdAt,
})

export const member = pgTable(
  'member',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    role: text('role').$type<Role>().notNull(),
    createdAt,
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.userId] })],
)

/** `Authorization: Bearer` of other programs. Only the hash of the key is kept. */
export const apiKey = pgTable(
  'api_key',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** SHA-256 of the whole key, hex: the key has 256 random bits, so a slow hash adds nothing. */
    keyHash: text('key_hash').notNull(),
    role: text('role').$type<Role>().notNull(),
    createdBy: uuid('created_by').references(() => user.id, { onDelete: 'set null' }),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
    createdAt,
  },
  (t) => [uniqueIndex('api_key_hash').on(t.keyHash), index('api_key_workspace').on(t.workspaceId)],
)

/** What worker processes write every few seconds, so that `/api/ready` can say whether anyone is at work. */
export const workerHeartbeat = pgTable('worker_heartbeat', {
  id: text('id').primaryKey(),
  seenAt: timestamp('seen_at', { withTimezone: true }).notNull(),
})

/** One row: how far `app_now()` is ahead of the database's clock. Only the sandbox writes it. */
export const appClock = pgTable('app_clock', {
  id: integer('id').primaryKey(),
  offsetMs: bigint('offset_ms', { mode: 'number' }).notNull().default(0),
})
