import { boolean, index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { Deployment } from '@/lib/flow/program'
import type { Settings } from '@/lib/flow/settings'
import { createdAt } from './columns'
import { workspace } from './workspace'

/** An Instagram professional account. One row however it is connected. */
export const account = pgTable(
  'account',
  {
    /** IG_ID: what webhooks carry as `entry.id`. Text: it is larger than 2^53. */
    id: text('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    username: text('username'),
    name: text('name'),
    /** The program its lanes step through; null while nothing is published to it. */
    programId: text('program_id'),
    createdAt,
  },
  (t) => [index('account_workspace').on(t.workspaceId)],
)

export const ROUTES = ['instagram', 'facebook'] as const
/** `instagram`: Instagram Login, graph.instagram.com. `facebook`: Business Login, a Page's token on graph.facebook.com. */
export type Route = (typeof ROUTES)[number]

/** How we reach an account. The newest active one sends. */
export const connection = pgTable(
  'connection',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id, { onDelete: 'cascade' }),
    route: text('route').$type<Route>().notNull(),
    /** The node of its Graph calls: IG_ID on the Instagram route, PAGE_ID on the Facebook route. */
    nodeId: text('node_id').notNull(),
    /** Overrides of the deployment's origin and version; null: the deployment's. */
    graphUrl: text('graph_url'),
    graphVersion: text('graph_version'),
    /** Sealed by lib/accounts/seal.ts. */
    token: text('token').notNull(),
    /** Sealed. Null: webhooks are signed with the deployment's app secrets. */
    appSecret: text('app_secret'),
    /** Sealed. */
    verifyToken: text('verify_token'),
    status: text('status').$type<'active' | 'reconnect'>().notNull().default('active'),
    /** Why it needs a new login, in words. */
    statusReason: text('status_reason'),
    isSandbox: boolean('is_sandbox').notNull().default(false),
    createdAt,
  },
  (t) => [index('connection_account').on(t.accountId), index('connection_workspace').on(t.workspaceId)],
)

/** What an account's lanes step through, kept for ever: applied events name it. Documents are found by (flow, version). */
export const program = pgTable(
  'program',
  {
    accountId: text('account_id')
      .notNull()
      .references(() => account.id, { onDelete: 'cascade' }),
    id: text('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspace.id, { onDelete: 'cascade' }),
    settings: jsonb('settings').$type<Settings>().notNull(),
    deployments: jsonb('deployments').$type<Deployment[]>().notNull(),
    createdAt,
  },
  (t) => [index('program_account').on(t.accountId)],
)
