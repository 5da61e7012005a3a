import { index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { account } from './account'
import { createdAt } from './columns'
import { workspace } from './workspace'

/** A drawing: its editable draft. Documents stay plain JSON here: `lib/flow/flow.ts` reads them, old ones included. */
export const flow = pgTable(
  'flow',
  {
    id: text('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    draft: jsonb('draft').$type<unknown>().notNull(),
    /** Grows by one with every save; a save names the one it was made from. */
    draftRevision: integer('draft_revision').notNull().default(1),
    createdAt,
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [index('flow_workspace').on(t.workspaceId)],
)

/** An immutable published snapshot. */
export const flowVersion = pgTable(
  'flow_version',
  {
    flowId: text('flow_id')
      .notNull()
      .references(() => flow.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    document: jsonb('document').$type<unknown>().notNull(),
    note: text('note'),
    /** Who published it, by name as it was then. */
    publishedBy: text('published_by').notNull(),
    createdAt,
  },
  (t) => [primaryKey({ columns: [t.flowId, t.version] }), index('flow_version_workspace').on(t.workspaceId)],
)

/** What runs where, in order. */
export const deployment = pgTable(
  'deployment',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => account.id, { onDelete: 'cascade' }),
    flowId: text('flow_id')
      .notNull()
      .references(() => flow.id, { onDelete: 'cascade' }),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    position: integer('position').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.flowId] }), index('deployment_workspace').on(t.workspaceId)],
)
