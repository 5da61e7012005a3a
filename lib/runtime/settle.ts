import { sql as query } from 'drizzle-orm'
import type { Database, Tx } from '@/lib/db/client'
import { appendLaneEvents } from '@/lib/db/lane-events'
import type { ClaimedSend } from './sql/claim-sends'
import { RUN_FAILED } from './step-writes'
import type { Timing } from './timing'

/*
 * What became of a claimed send, written. Each settle names the attempt it belongs to and is a no-op when that attempt was
 * settled otherwise in the meantime. Lock order: lane (only when an event is added), send_lane, outbox, message.
 */

type Claim = Pick<ClaimedSend, 'accountId' | 'igsid' | 'workspaceId' | 'outSeq' | 'attempt' | 'messageId' | 'author'>

/**
 * Instagram has it. Also for an answer that came so late that the row was called unknown, or was to be sent again, by then.
 * What an echo may have told meanwhile is read from the row itself: this statement's snapshot can be older than its lock.
 */
export async function settleSent(database: Database, claim: Claim, mid: string): Promise<void> {
  const { sql } = database
  const { accountId, igsid, outSeq, attempt } = claim
  const settle = (knownMid: string | null) => sql`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o set status = 'sent', mid = ${knownMid}, settled_at = app_now(), reason = null
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status in ('inflight', 'unknown', 'needs-person', 'pending') and coalesce(o.echo_mid, ${mid}) = ${mid}
      returning o.account_id, o.igsid, o.out_seq, o.message_id, o.echo_mid
    ), told as (
      update message m set status = 'sent', reason = null, mid = ${knownMid},
        -- The echo was faster than the answer.
        delivered_at = coalesce(m.delivered_at, case when hit.echo_mid is not null then app_now() end)
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    ), moved as (
      update send_lane s set done_out = hit.out_seq, send_at = case when s.next_out - 1 > hit.out_seq then app_now() end
      from hit where s.account_id = hit.account_id and s.igsid = hit.igsid and s.done_out < hit.out_seq
    )
    select 1 from hit`
  const settleOnce = async () => {
    try {
      return (await settle(mid)).length > 0
    } catch (error) {
      // Another row has this mid already, which Instagram promises never happens. The send is settled all the same.
      if (!isUniqueViolation(error)) throw error
      return (await settle(null)).length > 0
    }
  }
  if (!(await settleOnce()) && (await tellForeignEcho(database, claim, mid))) await settleOnce()
}

const isUniqueViolation = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === '23505'

/**
 * An echo was taken for this send's, but the send has another mid, or none because it was refused: somebody typed the same
 * words in the Instagram app. False when that is not so.
 */
async function tellForeignEcho({ db }: Database, claim: Claim, mid: string | null): Promise<boolean> {
  const { accountId, igsid, outSeq, attempt } = claim
  return db.transaction(async (tx) => {
    await tx.execute(query`select 1 from lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    await tx.execute(query`select 1 from send_lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    const [row] = await tx.execute<{ theirs: string }>(query`
      select echo_mid as theirs from outbox
      where account_id = ${accountId} and igsid = ${igsid} and out_seq = ${outSeq} and attempt = ${attempt}
        and status in ('inflight', 'unknown', 'needs-person', 'pending') and echo_mid is not null
        and echo_mid is distinct from ${mid}::text`)
    if (!row) return false
    await tx.execute(query`
      update outbox set echo_mid = ${mid}::text where account_id = ${accountId} and igsid = ${igsid} and out_seq = ${outSeq}`)
    await appendForeignEcho(tx, claim, row.theirs)
    return true
  })
}

/** Hears an echo once more, as foreign this time. */
async function appendForeignEcho(tx: Tx, { accountId, igsid, workspaceId }: Claim, mid: string): Promise<void> {
  const [row] = await tx.execute<{ payload: { sentAt: number; text: string | null } }>(query`
    select payload from inbound_event
    where account_id = ${accountId} and igsid = ${igsid} and kind = 'echo' and payload ->> 'mid' = ${mid} order by id limit 1`)
  if (!row) return
  const { sentAt, text } = row.payload
  const event = { type: 'echo' as const, sentAt, mid, text, attachments: [], foreign: true }
  await appendLaneEvents(tx, [{ accountId, igsid, workspaceId, event, dedupeKey: `foreign:${mid}` }])
}

/** Certainly not sent, and may be tried again after `waitMs`. A row that was withdrawn meanwhile ends cancelled instead. */
export async function settleWait(
  database: Database,
  claim: Claim,
  waitMs: number,
  says: string,
  isResend = false,
): Promise<void> {
  const { accountId, igsid, outSeq, attempt } = claim
  const [row] = await database.sql<{ echoMid: string | null }[]>`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o
      set status = case when o.is_withdrawn then 'cancelled' else 'pending' end,
          resends = o.resends + ${isResend ? 1 : 0}, unknown_since = null, reason = ${says},
          settled_at = case when o.is_withdrawn then app_now() end
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status in ('inflight', 'unknown')
      returning o.account_id, o.igsid, o.message_id, o.status, o.echo_mid
    ), told as (
      update message m set status = hit.status, reason = case when hit.status = 'cancelled' then 'A person took over.' else ${says} end
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    ), moved as (
      update send_lane s set send_at = app_now() + ${waitMs} * interval '1 millisecond'
      from hit where s.account_id = hit.account_id and s.igsid = hit.igsid
    )
    select echo_mid as "echoMid" from hit`
  if (row?.echoMid) await tellForeignEcho(database, claim, null)
}

/** Its fate is open. The lane waits: an echo may tell, else a look-up when nothing can be on its way any more. */
export async function settleUnknown(database: Database, claim: Claim, says: string, timing: Timing): Promise<void> {
  const { accountId, igsid, outSeq, attempt } = claim
  const [row] = await database.sql<{ echoMid: string | null }[]>`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o set status = 'unknown', unknown_since = app_now(), reason = ${says}
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status = 'inflight'
      returning o.account_id, o.igsid, o.message_id, o.claimed_at, o.echo_mid
    ), told as (
      update message m set status = 'unknown', reason = ${says}
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    ), moved as (
      update send_lane s set send_at = greatest(app_now(), hit.claimed_at + ${timing.lookUpAfterMs} * interval '1 millisecond')
      from hit where s.account_id = hit.account_id and s.igsid = hit.igsid
    )
    select echo_mid as "echoMid" from hit`
  if (row?.echoMid) await settleSent(database, claim, row.echoMid)
}

/** Looked up again later; the lane keeps waiting. */
export async function postponeLookUp({ sql }: Database, claim: Claim, waitMs: number): Promise<void> {
  const { accountId, igsid, outSeq, attempt } = claim
  await sql`
    update send_lane s set send_at = app_now() + ${waitMs} * interval '1 millisecond'
    from outbox o
    where s.account_id = ${accountId} and s.igsid = ${igsid} and s.done_out < ${outSeq}
      and o.account_id = s.account_id and o.igsid = s.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
      and o.status = 'unknown'`
}

/** Nobody can tell whether it arrived: a person decides, and the lane goes on. */
export async function settleNeedsPerson({ sql }: Database, claim: Claim, says: string): Promise<void> {
  const { accountId, igsid, outSeq, attempt } = claim
  await sql`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o set status = 'needs-person', settled_at = app_now(), reason = ${says}
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status = 'unknown'
      returning o.account_id, o.igsid, o.out_seq, o.message_id
    ), told as (
      update message m set status = 'needs-person', reason = ${says}
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    )
    update send_lane s set done_out = hit.out_seq, send_at = case when s.next_out - 1 > hit.out_seq then app_now() end
    from hit where s.account_id = hit.account_id and s.igsid = hit.igsid and s.done_out < hit.out_seq`
}

/** It will not arrive. The run's later rows are cancelled at once, and the lane hears of it as an event. */
export async function settleFailed({ db }: Database, claim: Claim, says: string): Promise<void> {
  const { accountId, igsid, workspaceId, outSeq, attempt, author } = claim
  const run = author.type === 'bot' ? author.run : null
  const node = author.type === 'bot' ? author.node : null
  await db.transaction(async (tx) => {
    await tx.execute(query`select 1 from lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    await tx.execute(query`select 1 from send_lane where account_id = ${accountId} and igsid = ${igsid} for update`)
    const [hit] = await tx.execute<{ echo_mid: string | null }>(query`
      update outbox set status = 'failed', settled_at = app_now(), reason = ${says}
      where account_id = ${accountId} and igsid = ${igsid} and out_seq = ${outSeq} and attempt = ${attempt}
        and status in ('inflight', 'unknown')
      returning echo_mid`)
    if (!hit) return
    await tx.execute(query`
      with later as (
        update outbox set status = 'cancelled', settled_at = app_now(), reason = ${RUN_FAILED}
        where account_id = ${accountId} and igsid = ${igsid} and out_seq > ${outSeq} and status = 'pending' and run = ${run}
        returning account_id, message_id, status, reason
      ), both_ as (
        select * from later union all select ${accountId}, ${claim.messageId}::uuid, 'failed', ${says}
      )
      update message m set status = both_.status, reason = both_.reason
      from both_ where m.account_id = both_.account_id and m.id = both_.message_id`)
    await tx.execute(query`
      update send_lane set done_out = ${outSeq}, send_at = case when next_out - 1 > ${outSeq} then app_now() end
      where account_id = ${accountId} and igsid = ${igsid} and done_out < ${outSeq}`)
    if (hit.echo_mid !== null) await appendForeignEcho(tx, claim, hit.echo_mid)
    const event = { type: 'send-failed' as const, run, node, reason: says }
    await appendLaneEvents(tx, [{ accountId, igsid, workspaceId, event, dedupeKey: null }])
  })
}

/** No more calls for this account until then; what is to be sent waits. Ingest goes on. */
export async function pauseAccount(
  { sql }: Database,
  claim: Pick<Claim, 'accountId' | 'workspaceId'>,
  waitMs: number,
  says: string,
): Promise<void> {
  await sql`
    insert into account_budget as b (account_id, workspace_id, paused_until, reason)
    values (${claim.accountId}, ${claim.workspaceId}, app_now() + ${waitMs} * interval '1 millisecond', ${says})
    on conflict (account_id) do update set paused_until = greatest(b.paused_until, excluded.paused_until), reason = excluded.reason`
}
