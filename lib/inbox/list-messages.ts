import { and, desc, eq, lt } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { type MessageStatus, message, type ThreadAuthor, type ThreadContent } from '@/lib/db/schema/conversation'
import { decodeCursor, encodeCursor, type Page, PageInput, toPage } from './cursor'
import { findLane } from './find-lane'

export const ListMessagesInput = PageInput.extend({ conversationId: z.uuid() })
export type ListMessagesInput = z.input<typeof ListMessagesInput>

/** Times are milliseconds since 1970. */
export interface MessageView {
  id: string
  author: ThreadAuthor
  content: ThreadContent
  status: MessageStatus
  /** Why it failed, waits or is not certain. */
  reason: string | null
  /** Instagram's id, once it is known. */
  mid: string | null
  clientId: string | null
  at: number
  editedAt: number | null
  deliveredAt: number | null
  seenAt: number | null
}

const Position = z.tuple([z.string().regex(/^\d{1,18}$/)])

/** The thread, newest first. @throws AppError not-found */
export async function listMessages(ctx: Ctx, input: ListMessagesInput): Promise<Page<MessageView>> {
  const { conversationId, cursor, limit } = ListMessagesInput.parse(input)
  const before = cursor === undefined ? undefined : lt(message.seq, BigInt(decodeCursor(Position, cursor)[0]))
  const rows = await inWorkspace(ctx, async (tx) => {
    const { accountId, igsid } = await findLane(tx, ctx, conversationId)
    return tx
      .select()
      .from(message)
      .where(and(eq(message.accountId, accountId), eq(message.igsid, igsid), eq(message.workspaceId, ctx.workspaceId), before))
      .orderBy(desc(message.seq))
      .limit(limit + 1)
  })
  return toPage(
    rows,
    limit,
    (last) => encodeCursor([String(last.seq)]),
    (row) => ({
      id: row.id,
      author: row.author,
      content: row.content,
      status: row.status,
      reason: row.reason,
      mid: row.mid,
      clientId: row.clientId,
      at: row.at.getTime(),
      editedAt: row.editedAt?.getTime() ?? null,
      deliveredAt: row.deliveredAt?.getTime() ?? null,
      seenAt: row.seenAt?.getTime() ?? null,
    }),
  )
}
