import type { Sql } from '@/lib/db/client'
import type { Author } from '@/lib/flow/effect'
import type { OutgoingMessage } from '@/lib/flow/message'
import type { Timing } from '../timing'

/** The head of a lane's outbox, claimed. All times in milliseconds. */
export interface ClaimedSend {
  accountId: string
  igsid: string
  workspaceId: string
  outSeq: number
  messageId: string
  author: Author
  message: OutgoingMessage
  fingerprint: string
  attempt: number
  resends: number
  /** Of an echo that was taken for this row's. */
  echoMid: string | null
  /**
   * By this process's clock: after it the call must not begin any more, because it might outlive the lease, and whoever then
   * looks it up would not find it and send it again.
   */
  callBefore: number
  claimedMs: number
  unknownMs: number | null
  lastPersonMs: number | null
  nowMs: number
  /** `send` it now: it is marked in flight. `look-up`: its fate is unknown; find it out. */
  task: 'send' | 'look-up'
}

interface Row extends Omit<ClaimedSend, 'task' | 'callBefore' | 'claimedMs' | 'unknownMs' | 'lastPersonMs' | 'nowMs'> {
  was: string
  claimedMs: string
  unknownMs: string | null
  lastPersonMs: string | null
  nowMs: string
}

/**
 * Claims the heads of up to `limit` lanes whose time has come. A pending head is marked in flight, which is the written intent,
 * and its lane is leased. A head found in flight had a sender that died: it is marked unknown and **not** sent. A head that is
 * unknown already is handed out for a look-up. Accounts that are paused are passed over.
 *
 * The lanes are locked by a first statement and their heads read by a second, whose snapshot is younger than the locks.
 */
export async function claimSends(sql: Sql, limit: number, timing: Timing): Promise<ClaimedSend[]> {
  const callBefore = Date.now() + timing.leaseMs - timing.callMs
  return sql.begin(async (tx) => {
    const lanes = await tx<{ a: string; i: string }[]>`
      select s.account_id as a, s.igsid as i from send_lane s
      where s.send_at <= app_now()
        and not exists (select from account_budget b where b.account_id = s.account_id and b.paused_until > app_now())
      order by s.send_at limit ${limit} for update of s skip locked`
    if (lanes.length === 0) return []
    const rows = await tx<Row[]>`
      with l as (
        select s.* from jsonb_to_recordset(${JSON.stringify(lanes)}::text::jsonb) as k(a text, i text)
        join send_lane s on s.account_id = k.a and s.igsid = k.i
      ), head as (
        select l.account_id, l.igsid, h.out_seq, h.status
        from l left join lateral (
          select o.out_seq, o.status from outbox o
          where o.account_id = l.account_id and o.igsid = l.igsid and o.out_seq > l.done_out
            and o.status in ('pending', 'inflight', 'unknown')
          order by o.out_seq limit 1
        ) h on true
      ), marked as (
        update outbox o
        set status = case when h.status = 'pending' then 'inflight' else 'unknown' end,
            attempt = o.attempt + case when h.status = 'pending' then 1 else 0 end,
            claimed_at = case when h.status = 'pending' then app_now() else o.claimed_at end,
            unknown_since = case h.status when 'pending' then null when 'inflight' then app_now() else o.unknown_since end
        from head h
        where o.account_id = h.account_id and o.igsid = h.igsid and o.out_seq = h.out_seq
        returning o.*, h.status as was
      ), told as (
        update message m set status = 'unknown', reason = 'The sender stopped before Instagram answered; its fate is being looked up.'
        from marked where marked.was = 'inflight' and m.account_id = marked.account_id and m.id = marked.message_id
      ), leased as (
        update send_lane s
        set send_at = case
              when m.out_seq is null then null
              when m.was = 'inflight' and m.echo_mid is not null then app_now()
              when m.was = 'inflight' then greatest(app_now(), m.claimed_at + ${timing.lookUpAfterMs} * interval '1 millisecond')
              else app_now() + ${timing.leaseMs} * interval '1 millisecond' end,
            -- Nothing open is left: the rest was cancelled.
            done_out = case when m.out_seq is null then s.next_out - 1 else s.done_out end
        from head h left join marked m using (account_id, igsid)
        where s.account_id = h.account_id and s.igsid = h.igsid
      )
      select m.account_id as "accountId", m.igsid, m.workspace_id as "workspaceId", m.out_seq as "outSeq",
             m.message_id as "messageId", m.author, m.message, m.fingerprint, m.attempt, m.resends,
             m.echo_mid as "echoMid", m.was,
             (extract(epoch from m.claimed_at) * 1000)::bigint as "claimedMs",
             (extract(epoch from m.unknown_since) * 1000)::bigint as "unknownMs",
             (extract(epoch from c.last_person_at) * 1000)::bigint as "lastPersonMs",
             (extract(epoch from app_now()) * 1000)::bigint as "nowMs"
      from marked m left join conversation c on c.account_id = m.account_id and c.igsid = m.igsid
      where m.was <> 'inflight'`
    return rows.map(({ was, ...row }) => ({
      ...row,
      callBefore,
      claimedMs: Number(row.claimedMs),
      unknownMs: row.unknownMs === null ? null : Number(row.unknownMs),
      lastPersonMs: row.lastPersonMs === null ? null : Number(row.lastPersonMs),
      nowMs: Number(row.nowMs),
      task: was === 'pending' ? ('send' as const) : ('look-up' as const),
    }))
  })
}
