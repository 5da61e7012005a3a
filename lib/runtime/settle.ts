import { sql as query } from 'drizzle-orm'
import type { Database, Db } from '@/lib/db/client'
import { appendLaneEvents } from '@/lib/db/lane-events'
import type { ClaimedSend } from './sql/claim-sends'
import type { Timing } from './timing'

/*
 * What became of a claimed send, written. Each settle names the attempt it belongs to and is a no-op when that attempt was
 * settled otherwise in the meantime. Lock order: lane (only when an event is added), send_lane, outbox, message.
 */

type Claim = Pick<ClaimedSend, 'accountId' | 'igsid' | 'workspaceId' | 'outSeq' | 'attempt' | 'eventId' | 'messageId' | 'author'>

/** Instagram has it. Also for an answer that came so late that the row was called unknown by then. */
export async function settleSent({ sql, db }: Database, claim: Claim, mid: string): Promise<void> {
  const { accountId, igsid, outSeq, attempt, eventId } = claim
  const settle = (knownMid: string | null) => sql<{ foreign: string[] | null }[]>`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o set status = 'sent', mid = ${knownMid}, settled_at = app_now(), reason = null
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status in ('inflight', 'unknown', 'needs-person')
      returning o.account_id, o.igsid, o.out_seq, o.message_id
    ), told as (
      update message m set status = 'sent', reason = null, mid = ${knownMid},
        -- The echo may have been faster than the answer.
        delivered_at = coalesce(m.delivered_at, (select e.at from inbound_event e
          where e.account_id = hit.account_id and e.igsid = hit.igsid and e.id > ${eventId} and e.kind = 'echo'
            and e.payload ->> 'mid' = ${knownMid} limit 1))
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    ), moved as (
      update send_lane s set done_out = hit.out_seq, send_at = case when s.next_out - 1 > hit.out_seq then app_now() end
      from hit where s.account_id = hit.account_id and s.igsid = hit.igsid and s.done_out < hit.out_seq
    )
    select (select array_agg(e.id::text) from inbound_event e
            where e.account_id = hit.account_id and e.igsid = hit.igsid and e.id > ${eventId} and e.kind = 'echo'
              and (e.decided ->> 'outSeq')::int = hit.out_seq and e.payload ->> 'mid' <> ${knownMid}) as foreign
    from hit`
  let rows: { foreign: string[] | null }[]
  try {
    rows = await settle(mid)
  } catch (error) {
    // Another row has this mid already, which Instagram promises never happens. The send is settled all the same.
    if (!isUniqueViolation(error)) throw error
    rows = await settle(null)
  }
  for (const id of rows[0]?.foreign ?? []) await tellForeignEcho(db, claim, id)
}

const isUniqueViolation = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === '23505'

/** An echo was taken for this send's, but its mid is another's: somebody typed the same words in the Instagram app. */
async function tellForeignEcho(db: Db, { accountId, igsid, workspaceId }: Claim, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx.execute<{ payload: { sentAt: number; mid: string; text: string | null } }>(query`
      select payload from inbound_event where account_id = ${accountId} and igsid = ${igsid} and id = ${id}`)
    if (!row) return
    const { sentAt, mid, text } = row.payload
    const event = { type: 'echo' as const, sentAt, mid, text, attachments: [], foreign: true }
    await appendLaneEvents(tx, [{ accountId, igsid, workspaceId, event, dedupeKey: `foreign:${mid}` }])
  })
}

/** Certainly not sent, and may be tried again after `waitMs`. A row that was withdrawn meanwhile ends cancelled instead. */
export async function settleWait({ sql }: Database, claim: Claim, waitMs: number, says: string, isResend = false): Promise<void> {
  const { accountId, igsid, outSeq, attempt } = claim
  await sql`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o
      set status = case when o.is_withdrawn then 'cancelled' else 'pending' end,
          resends = o.resends + ${isResend ? 1 : 0}, unknown_since = null, reason = ${says},
          settled_at = case when o.is_withdrawn then app_now() end
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status in ('inflight', 'unknown')
      returning o.account_id, o.igsid, o.out_seq, o.message_id, o.status
    ), told as (
      update message m set status = hit.status, reason = case when hit.status = 'cancelled' then 'A person took over.' else ${says} end
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    )
    update send_lane s set send_at = app_now() + ${waitMs} * interval '1 millisecond'
    from hit where s.account_id = hit.account_id and s.igsid = hit.igsid`
}

/** Its fate is open. The lane waits: an echo may tell, else a look-up when nothing can be on its way any more. */
export async function settleUnknown({ sql }: Database, claim: Claim, says: string, timing: Timing): Promise<void> {
  const { accountId, igsid, outSeq, attempt, eventId } = claim
  const rows = await sql<{ mid: string | null }[]>`
    with l as (
      select account_id, igsid from send_lane where account_id = ${accountId} and igsid = ${igsid} for update
    ), hit as (
      update outbox o set status = 'unknown', unknown_since = app_now(), reason = ${says}
      from l where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq = ${outSeq} and o.attempt = ${attempt}
        and o.status = 'inflight'
      returning o.account_id, o.igsid, o.out_seq, o.message_id, o.claimed_at
    ), told as (
      update message m set status = 'unknown', reason = ${says}
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    ), moved as (
      update send_lane s set send_at = greatest(app_now(), hit.claimed_at + ${timing.lookUpAfterMs} * interval '1 millisecond')
      from hit where s.account_id = hit.account_id and s.igsid = hit.igsid
    )
    select (select e.payload ->> 'mid' from inbound_event e
            where e.account_id = hit.account_id and e.igsid = hit.igsid and e.id > ${eventId} and e.kind = 'echo'
              and (e.decided ->> 'outSeq')::int = hit.out_seq
              and not exists (select from outbox o where o.account_id = e.account_id and o.mid = e.payload ->> 'mid')
            order by e.id limit 1) as mid
    from hit`
  const mid = rows[0]?.mid
  if (mid) await settleSent({ sql } as Database, claim, mid)
}

/** Looked up again later; the lane keeps waiting. */
export async function postponeLookUp({ sql }: Database, { accountId, igsid, outSeq }: Claim, waitMs: number): Promise<void> {
  await sql`
    update send_lane s set send_at = app_now() + ${waitMs} * interval '1 millisecond'
    where account_id = ${accountId} and igsid = ${igsid} and done_out < ${outSeq}`
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
    const hit = await tx.execute(query`
      update outbox set status = 'failed', settled_at = app_now(), reason = ${says}
      where account_id = ${accountId} and igsid = ${igsid} and out_seq = ${outSeq} and attempt = ${attempt}
        and status in ('inflight', 'unknown')
      returning 1`)
    if (hit.length === 0) return
    await tx.execute(query`
      with later as (
        update outbox set status = 'cancelled', settled_at = app_now(), reason = 'An earlier message of this run failed.'
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
