import { and, desc, eq, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { conversation } from '@/lib/db/schema/conversation'
import { AppError } from '@/lib/errors'
import type { Hold } from '@/lib/flow/state'
import { type WindowState, windowAt } from '@/lib/flow/window'
import { decodeCursor, encodeCursor, type Page, PageInput, toPage } from './cursor'

export const ListConversationsInput = PageInput.extend({
  hold: z.enum(['bot', 'queue', 'agent']).optional(),
  accountId: z.string().optional(),
})
export type ListConversationsInput = z.input<typeof ListConversationsInput>

/** Times are milliseconds since 1970. */
export interface ConversationView {
  id: string
  accountId: string
  contact: { igsid: string; name: string | null; username: string | null; optedOut: boolean }
  hold: Hold
  /** The live run. */
  run: { flowId: string; version: number } | null
  window: WindowState
  lastPersonAt: number | null
  lastMessageAt: number | null
  unanswered: boolean
  needsAttention: boolean
}

const Position = z.tuple([
  z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable(),
  z.uuid(),
])

const columns = {
  id: conversation.id,
  accountId: conversation.accountId,
  igsid: conversation.igsid,
  runFlow: conversation.runFlow,
  runVersion: conversation.runVersion,
  lastPersonAt: conversation.lastPersonAt,
  lastMessageAt: conversation.lastMessageAt,
  unanswered: conversation.unanswered,
  needsAttention: conversation.needsAttention,
  state: conversation.state,
  now: sql<number>`(extract(epoch from app_now()) * 1000)::float8`,
  /** Microseconds: the database's own precision, so that no row falls between two pages. */
  position: sql<string | null>`(extract(epoch from ${conversation.lastMessageAt}) * 1000000)::bigint::text`,
}
type Row = {
  [K in keyof Pick<
    typeof conversation.$inferSelect,
    | 'id'
    | 'accountId'
    | 'igsid'
    | 'runFlow'
    | 'runVersion'
    | 'lastPersonAt'
    | 'lastMessageAt'
    | 'unanswered'
    | 'needsAttention'
    | 'state'
  >]: (typeof conversation.$inferSelect)[K]
} & { now: number }

function viewOf(row: Row): ConversationView {
  const lastPersonAt = row.lastPersonAt?.getTime() ?? null
  const { contact, hold, optedOut } = row.state
  return {
    id: row.id,
    accountId: row.accountId,
    contact: { igsid: row.igsid, name: contact.name, username: contact.username, optedOut },
    hold,
    run: row.runFlow === null || row.runVersion === null ? null : { flowId: row.runFlow, version: row.runVersion },
    window: windowAt(lastPersonAt, row.now),
    lastPersonAt,
    lastMessageAt: row.lastMessageAt?.getTime() ?? null,
    unanswered: row.unanswered,
    needsAttention: row.needsAttention,
  }
}

/** The newest word first; those nobody has said anything in come last. */
export async function listConversations(ctx: Ctx, input: ListConversationsInput = {}): Promise<Page<ConversationView>> {
  const { cursor, limit, hold, accountId } = ListConversationsInput.parse(input)
  const rows = await inWorkspace(ctx, (tx) =>
    tx
      .select(columns)
      .from(conversation)
      .where(
        and(
          eq(conversation.workspaceId, ctx.workspaceId),
          hold === undefined ? undefined : eq(conversation.hold, hold),
          accountId === undefined ? undefined : eq(conversation.accountId, accountId),
          cursor === undefined ? undefined : after(cursor),
        ),
      )
      .orderBy(sql`${conversation.lastMessageAt} desc nulls last`, desc(conversation.id))
      .limit(limit + 1),
  )
  return toPage(rows, limit, (last) => encodeCursor([last.position, last.id]), viewOf)
}

function after(cursor: string): SQL | undefined {
  const [position, id] = decodeCursor(Position, cursor)
  if (position === null) return and(isNull(conversation.lastMessageAt), lt(conversation.id, id))
  const at = sql`timestamptz 'epoch' + ${position}::bigint * interval '1 microsecond'`
  const earlier = sql`${conversation.lastMessageAt} < ${at}`
  const same = and(sql`${conversation.lastMessageAt} = ${at}`, lt(conversation.id, id))
  return or(earlier, same, isNull(conversation.lastMessageAt))
}

/** @throws AppError not-found */
export async function getConversation(ctx: Ctx, conversationId: string): Promise<ConversationView> {
  const [row] = await inWorkspace(ctx, (tx) =>
    tx
      .select(columns)
      .from(conversation)
      .where(and(eq(conversation.id, conversationId), eq(conversation.workspaceId, ctx.workspaceId))),
  )
  if (!row) throw new AppError('not-found', 'There is no such conversation.')
  return viewOf(row)
}
