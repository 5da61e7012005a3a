import { sql } from 'drizzle-orm'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { appendLaneEvents } from '@/lib/db/lane-events'
import { AppError } from '@/lib/errors'
import type { OutgoingMessage } from '@/lib/flow/message'

/** What a person found out, or decides, about a message that nobody can tell the fate of. */
export type Resolution = 'mark-sent' | 'send-again'

interface Row extends Record<string, unknown> {
  account_id: string
  igsid: string
  workspace_id: string
  out_seq: number
  status: string
  message: OutgoingMessage
}

/**
 * Ends a row that is in `needs-person`. `mark-sent`: it was delivered. `send-again`: it was not; its words go out as a new
 * message at the lane's tail, by whoever decided so. Asking twice changes nothing more.
 * @throws AppError not-found, conflict
 */
export async function resolveSend(ctx: Ctx, messageId: string, resolution: Resolution): Promise<void> {
  await inWorkspace(ctx, async (tx) => {
    const find = await tx.execute<Row>(sql`
      select o.account_id, o.igsid, o.workspace_id, o.out_seq, o.status, o.message from outbox o
      join message m on m.account_id = o.account_id and m.id = o.message_id
      where o.message_id = ${messageId} and o.workspace_id = ${ctx.workspaceId}`)
    const row = find[0]
    if (!row) throw new AppError('not-found', 'There is no such message.')
    const { account_id: accountId, igsid, out_seq: outSeq } = row
    // The engine's lock order: the lane before its sending side.
    await tx.execute(sql`select 1 from lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    await tx.execute(sql`select 1 from send_lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    const status = resolution === 'mark-sent' ? 'sent' : 'failed'
    const reason =
      resolution === 'mark-sent' ? `Marked as sent by ${ctx.actor.name}.` : `Sent again as a new message by ${ctx.actor.name}.`
    const hit = await tx.execute(sql`
      update outbox set status = ${status}, reason = ${reason}
      where account_id = ${accountId} and igsid = ${igsid} and out_seq = ${outSeq} and status = 'needs-person' returning 1`)
    if (hit.length === 0) {
      throw new AppError('conflict', 'This message is not waiting for a decision (any more). Look at its status.', {
        status: row.status,
      })
    }
    await tx.execute(
      sql`update message set status = ${status}, reason = ${reason} where account_id = ${accountId} and id = ${messageId}`,
    )
    if (resolution === 'mark-sent') return
    const clientId = `again-${messageId}`
    const event = { type: 'reply' as const, by: ctx.actor, clientId, message: row.message }
    await appendLaneEvents(tx, [{ accountId, igsid, workspaceId: ctx.workspaceId, event, dedupeKey: `client:${clientId}` }])
  })
}
