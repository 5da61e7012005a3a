import type { SqlTx } from '@/lib/db/client'
import type { LaneState } from '@/lib/flow/state'
import type { ClaimedLane } from './claim-lanes'

export interface WaitingEvent {
  id: string
  kind: string
  payload: Record<string, unknown>
  atMs: number
  chance: number
}

export interface LaneReading {
  accountId: string
  igsid: string
  programId: string | null
  /** Null: this person is new. */
  state: LaneState | null
  /** conversation.version, 0 for a new one. */
  version: number
  /** app_now() in milliseconds. */
  nowMs: number
  events: WaitingEvent[]
  /** There are more than were read. */
  hasMore: boolean
}

interface Row extends Omit<LaneReading, 'events' | 'hasMore' | 'nowMs'> {
  nowMs: string
  events: (Omit<WaitingEvent, 'id'> & { id: string })[] | null
}

/** State and the next events of locked lanes, oldest first, at most `perLane` of each (one where `attempts` is above zero). */
export async function readLanes(tx: SqlTx, lanes: ClaimedLane[], perLane: number): Promise<LaneReading[]> {
  const wanted = lanes.map((lane) => ({
    a: lane.accountId,
    i: lane.igsid,
    after: lane.appliedId,
    most: lane.attempts > 0 ? 1 : perLane,
  }))
  const rows = await tx<Row[]>`
    select w.a as "accountId", w.i as igsid, a.program_id as "programId", c.state, coalesce(c.version, 0) as version,
           (extract(epoch from app_now()) * 1000)::bigint as "nowMs",
           (select jsonb_agg(jsonb_build_object('id', e.id::text, 'kind', e.kind, 'payload', e.payload, 'chance', e.chance,
                                                'atMs', (extract(epoch from e.at) * 1000)::bigint) order by e.id)
            from (select * from inbound_event e
                  where e.account_id = w.a and e.igsid = w.i and e.id > w.after order by e.id limit w.most + 1) e) as events
    from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb) as w(a text, i text, after bigint, most int)
    join account a on a.id = w.a
    left join conversation c on c.account_id = w.a and c.igsid = w.i`
  return rows.map((row) => {
    const lane = wanted.find(({ a, i }) => a === row.accountId && i === row.igsid)
    const events = row.events ?? []
    const most = lane?.most ?? perLane
    return { ...row, nowMs: Number(row.nowMs), events: events.slice(0, most), hasMore: events.length > most }
  })
}

export interface SendInDoubt {
  accountId: string
  igsid: string
  outSeq: number
  status: string
  attempt: number
  fingerprint: string
  /** Instagram's, or that of the echo which was taken for it. */
  mid: string | null
}

/**
 * The rows an echo may be of: by its mid, or, among the lane's latest, by being in flight, of unknown fate, taken for absent, or
 * sent without a known mid. Locks the lanes' sending side, so that no settle changes the answer before the step commits.
 */
export async function readSendsInDoubt(
  tx: SqlTx,
  echoes: { accountId: string; igsid: string; mid: string }[],
): Promise<SendInDoubt[]> {
  const wanted = JSON.stringify(echoes.map((e) => ({ a: e.accountId, i: e.igsid, m: e.mid })))
  await tx`
    select 1 from send_lane s where (s.account_id, s.igsid) in
      (select w.a, w.i from jsonb_to_recordset(${wanted}::text::jsonb) as w(a text, i text))
    order by s.account_id collate "C", s.igsid collate "C" for update`
  const rows = await tx<SendInDoubt[]>`
    with w as (select * from jsonb_to_recordset(${wanted}::text::jsonb) as w(a text, i text, m text))
    select o.account_id as "accountId", o.igsid, o.out_seq as "outSeq", o.status, o.attempt, o.fingerprint, coalesce(o.mid, o.echo_mid) as mid
    from (select distinct a, i from w) l
    join send_lane s on s.account_id = l.a and s.igsid = l.i
    join outbox o on o.account_id = l.a and o.igsid = l.i and o.out_seq > s.done_out - 20
    where o.status in ('inflight', 'unknown', 'needs-person') or (o.status = 'pending' and o.resends > 0) or (o.status = 'sent' and o.mid is null)
    union
    select o.account_id, o.igsid, o.out_seq, o.status, o.attempt, o.fingerprint, o.mid
    from w join outbox o on o.account_id = w.a and o.mid = w.m`
  return [...rows]
}
