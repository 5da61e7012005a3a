import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Author, RecordCode } from '@/lib/flow/effect'
import type { Actor, Attachment } from '@/lib/flow/event'
import type { OutgoingMessage } from '@/lib/flow/message'
import type { Hold, LaneState } from '@/lib/flow/state'
import { at, laneKey, workspaceId } from './columns'
import type { OutboxStatus } from './lane'

/** The one thread between an account and a contact, and the lane's state. Written by the step alone. */
export const conversation = pgTable(
  'conversation',
  {
    ...laneKey,
    /** The public id. */
    id: uuid('id').notNull().defaultRandom(),
    workspaceId,
    hold: text('hold').$type<Hold['by']>().notNull().default('bot'),
    /** Of the run in `state`, for counting who is mid-flow. */
    runFlow: text('run_flow'),
    runVersion: integer('run_version'),
    /** The person's last action: lib/flow/window.ts says what it allows. */
    lastPersonAt: at('last_person_at'),
    lastMessageAt: at('last_message_at'),
    unanswered: boolean('unanswered').notNull().default(false),
    /** A problem line was written and no person has looked yet. */
    needsAttention: boolean('needs_attention').notNull().default(false),
    /** Steps so far: a write names the one it read. */
    version: integer('version').notNull().default(0),
    state: jsonb('state').$type<LaneState>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.igsid] }),
    uniqueIndex('conversation_id').on(t.id),
    index('conversation_recent').on(t.workspaceId, t.lastMessageAt.desc()),
    index('conversation_run').on(t.accountId, t.runFlow).where(sql`run_flow is not null`),
  ],
)

/** What a row of the thread says. */
export type ThreadContent =
  | {
      type: 'heard'
      text: string | null
      attachments: Attachment[]
      isTap: boolean
      replyTo: { mid: string } | { storyUrl: string | null } | null
    }
  | { type: 'said'; message: OutgoingMessage }
  | { type: 'said-in-app'; text: string | null; attachments: Attachment[] }
  | {
      type: 'record'
      code: RecordCode
      severity: 'info' | 'problem'
      flow: string | null
      node: string | null
      detail: string | null
    }
  | { type: 'unsent' }
  | { type: 'unknown' }

export type ThreadAuthor = { type: 'person' } | { type: 'app' } | Author | { type: 'record'; by: Actor | null }

/** Inbound rows are `received`; records are `noted`; outbound rows follow their outbox row. */
export type MessageStatus = 'received' | 'noted' | OutboxStatus

/** A row of the thread as people see it. Inbound rows are written at ingest, outbound ones with the outbox row. */
export const message = pgTable(
  'message',
  {
    ...laneKey,
    /** Order within the thread. */
    seq: bigint('seq', { mode: 'bigint' }).notNull().generatedAlwaysAsIdentity(),
    /** The public id. */
    id: uuid('id').notNull().defaultRandom(),
    workspaceId,
    author: jsonb('author').$type<ThreadAuthor>().notNull(),
    content: jsonb('content').$type<ThreadContent>().notNull(),
    mid: text('mid'),
    status: text('status').$type<MessageStatus>().notNull(),
    /** Why it failed, waits or is not certain, in words a person can act on. */
    reason: text('reason'),
    /** The id an agent's program made up; the same id never makes a second message. */
    clientId: text('client_id'),
    at: at('at').notNull(),
    editedAt: at('edited_at'),
    deliveredAt: at('delivered_at'),
    seenAt: at('seen_at'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.igsid, t.seq] }),
    uniqueIndex('message_id').on(t.accountId, t.id),
    index('message_mid').on(t.accountId, t.mid).where(sql`mid is not null`),
  ],
)
