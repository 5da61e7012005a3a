import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Author } from '@/lib/flow/effect'
import type { OutgoingMessage } from '@/lib/flow/message'
import { at, laneKey, workspaceId } from './columns'

/*
 * The engine's tables. No foreign keys: they would lock shared rows on every message, and all keys start with
 * account_id so that they can be partitioned or sharded by it one day. docs/architecture.md tells how they move.
 */

/** Small and hot: which lanes have something to hear, and how far each has got. Its row lock serialises the lane. */
export const lane = pgTable(
  'lane',
  {
    ...laneKey,
    workspaceId,
    /** The last inbound_event applied. */
    appliedId: bigint('applied_id', { mode: 'bigint' }).notNull().default(sql`0`),
    /** When to look again; null: nothing to hear. */
    runAt: at('run_at'),
    /** Steps of the event at the head that threw. */
    attempts: integer('attempts').notNull().default(0),
    /** Why it stands still, when it does; never a reason to lose an event. */
    parkedReason: text('parked_reason'),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.igsid] }), index('lane_run_at').on(t.runAt).where(sql`run_at is not null`)],
)

/** What was already taken in. Apart from the events, so that those can be partitioned by time. */
export const seen = pgTable(
  'seen',
  { accountId: text('account_id').notNull(), dedupeKey: text('dedupe_key').notNull(), workspaceId },
  (t) => [primaryKey({ columns: [t.accountId, t.dedupeKey] })],
)

/** Everything a lane hears, in the order of `id`: drawn while the lane's lock is held. */
export const inboundEvent = pgTable(
  'inbound_event',
  {
    ...laneKey,
    id: bigint('id', { mode: 'bigint' }).notNull().generatedAlwaysAsIdentity(),
    workspaceId,
    kind: text('kind').notNull(),
    /** A LaneEvent without `id`, `at`, `chance` and what is decided at step time. */
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    /** Meta's own time, where it has one. */
    metaTime: at('meta_time'),
    /** When we received it. */
    at: at('at').notNull(),
    /** 0 to 2^32 - 1, drawn at receipt. */
    chance: bigint('chance', { mode: 'number' }).notNull(),
    /** Set when applied. */
    appliedAt: at('applied_at'),
    programId: text('program_id'),
    /** What the step decided about it: an echo's `foreign`, and the outbox row it may be the echo of. */
    decided: jsonb('decided').$type<{ foreign?: boolean; outSeq?: number }>(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.igsid, t.id] })],
)

export type OutboxStatus = 'pending' | 'inflight' | 'unknown' | 'sent' | 'failed' | 'cancelled' | 'needs-person'

/** Messages to send. `out_seq` is contiguous along a lane and is the order in which they go out. */
export const outbox = pgTable(
  'outbox',
  {
    ...laneKey,
    outSeq: integer('out_seq').notNull(),
    workspaceId,
    eventId: bigint('event_id', { mode: 'bigint' }).notNull(),
    effectIx: integer('effect_ix').notNull(),
    messageId: uuid('message_id').notNull(),
    author: jsonb('author').$type<Author>().notNull(),
    /** author.run, for cancelling. */
    run: text('run'),
    message: jsonb('message').$type<OutgoingMessage>().notNull(),
    /** What an echo of it looks like: lib/runtime/fingerprint.ts. */
    fingerprint: text('fingerprint').notNull(),
    status: text('status').$type<OutboxStatus>().notNull().default('pending'),
    /** Claims so far; a settle names the one it belongs to. */
    attempt: integer('attempt').notNull().default(0),
    /** Times it was found absent after being unknown, and sent again. */
    resends: integer('resends').notNull().default(0),
    mid: text('mid'),
    /** Of an echo that was taken for this row's while its fate was open; an answer with another mid proves it somebody else's. */
    echoMid: text('echo_mid'),
    /** Cancelled while its fate was open: it is never sent again, but may still turn out to have been sent. */
    isWithdrawn: boolean('is_withdrawn').notNull().default(false),
    claimedAt: at('claimed_at'),
    unknownSince: at('unknown_since'),
    settledAt: at('settled_at'),
    reason: text('reason'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.igsid, t.outSeq] }),
    uniqueIndex('outbox_effect').on(t.accountId, t.igsid, t.eventId, t.effectIx),
    uniqueIndex('outbox_mid').on(t.accountId, t.mid).where(sql`mid is not null`),
    uniqueIndex('outbox_message').on(t.accountId, t.messageId),
  ],
)

/** The sending side of a lane. Everyone who touches its outbox rows locks this row first. */
export const sendLane = pgTable(
  'send_lane',
  {
    ...laneKey,
    workspaceId,
    /** The next out_seq to hand out. */
    nextOut: integer('next_out').notNull().default(1),
    /** Every row up to this one is settled. */
    doneOut: integer('done_out').notNull().default(0),
    /** When the head may be claimed: the lease while one is in flight; null: nothing to send. */
    sendAt: at('send_at'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.igsid] }),
    index('send_lane_send_at').on(t.sendAt).where(sql`send_at is not null`),
  ],
)

export const timer = pgTable(
  'timer',
  {
    ...laneKey,
    timerId: text('timer_id').notNull(),
    workspaceId,
    generation: integer('generation').notNull(),
    due: at('due').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.igsid, t.timerId] }), index('timer_due').on(t.due)],
)

/** Unordered work whose answer comes back as an event. */
export const job = pgTable(
  'job',
  {
    accountId: text('account_id').notNull(),
    id: uuid('id').notNull().defaultRandom(),
    workspaceId,
    igsid: text('igsid'),
    kind: text('kind').$type<'profile'>().notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull().default({}),
    /** Null: finished or given up. */
    runAt: at('run_at'),
    attempts: integer('attempts').notNull().default(0),
    lastError: text('last_error'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    index('job_run_at').on(t.runAt).where(sql`run_at is not null`),
    uniqueIndex('job_profile').on(t.accountId, t.igsid).where(sql`kind = 'profile'`),
  ],
)

/** What was signed but could not be taken in: the exact element, and why. */
export const delivery = pgTable('delivery', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  /** Null: not even the account could be read, or it is not connected here. */
  accountId: text('account_id'),
  workspaceId: uuid('workspace_id'),
  receivedAt: at('received_at').notNull(),
  verdict: text('verdict').$type<'quarantined' | 'unknown-account'>().notNull(),
  reason: text('reason').notNull(),
  body: text('body').notNull(),
})

/** Events that could not be applied after three tries. The lane went on without them. */
export const deadLetter = pgTable(
  'dead_letter',
  {
    ...laneKey,
    eventId: bigint('event_id', { mode: 'bigint' }).notNull(),
    workspaceId,
    error: text('error').notNull(),
    at: at('at').notNull(),
    resolvedAt: at('resolved_at'),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.igsid, t.eventId] })],
)

/** Sending of a whole account: paused by a rate limit or a dead token. Ingest goes on. */
export const accountBudget = pgTable('account_budget', {
  accountId: text('account_id').primaryKey(),
  workspaceId,
  pausedUntil: at('paused_until'),
  reason: text('reason'),
})
