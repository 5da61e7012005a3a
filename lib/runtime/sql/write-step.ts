import type { SqlTx } from '@/lib/db/client'
import type { LaneWrites } from '../step-writes'

const json = (rows: unknown[]): string => JSON.stringify(rows)
const keyOf = ({ lane }: LaneWrites) => ({ a: lane.accountId, i: lane.igsid, w: lane.workspaceId })
const rowsOf = <T extends object>(all: LaneWrites[], rows: (writes: LaneWrites) => T[]) =>
  all.flatMap((writes) => rows(writes).map((row) => ({ ...keyOf(writes), ...row })))

/**
 * Writes what stepping several lanes left behind: one statement a table, arrays in, in this lock order: the lanes (already
 * held), the sending sides in key order, then their rows.
 * @throws when a conversation was written by somebody else since it was read, which the lane's lock forbids.
 */
export async function writeStep(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const firstOut = await takeOutSeqs(tx, all)
  await cancelSends(tx, all)
  await noteEchoes(tx, all)
  await insertSends(tx, all, firstOut)
  await insertMessages(tx, all)
  await markMessages(tx, all)
  await writeTimers(tx, all)
  await writeConversations(tx, all)
  await writeCursors(tx, all)
  await insertProfileJobs(tx, all)
  await insertDeadLetters(tx, all)
}

/** Locks the sending sides this step touches and hands out their next numbers: lane → first out_seq. */
async function takeOutSeqs(tx: SqlTx, all: LaneWrites[]): Promise<Map<string, number>> {
  const touched = all.filter(({ sends, cancels, echoed }) => sends.length + cancels.length + echoed.length > 0)
  if (touched.length === 0) return new Map()
  const wanted = touched.map((writes) => ({ ...keyOf(writes), n: writes.sends.length }))
  const rows = await tx<{ a: string; i: string; next: number; n: number }[]>`
    insert into send_lane as s (account_id, igsid, workspace_id, next_out, send_at)
    select a, i, w, 1 + n, case when n > 0 then app_now() end
    from jsonb_to_recordset(${json(wanted)}::text::jsonb) as x(a text, i text, w uuid, n int)
    order by a collate "C", i collate "C"
    on conflict (account_id, igsid) do update
      set next_out = s.next_out + excluded.next_out - 1,
          -- A lane with something in flight keeps its lease: only an idle one is woken.
          send_at = coalesce(s.send_at, excluded.send_at)
    returning account_id as a, igsid as i, next_out as next`
  const count = new Map(wanted.map(({ a, i, n }) => [`${a} ${i}`, n]))
  return new Map(rows.map(({ a, i, next }) => [`${a} ${i}`, next - (count.get(`${a} ${i}`) ?? 0)]))
}

/** Rows not yet in flight are cancelled; those whose fate is open are withdrawn: never sent again. */
async function cancelSends(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = rowsOf(all, ({ cancels }) => cancels)
  if (rows.length === 0) return
  await tx`
    with c as (
      select distinct on (a, i, run) * from jsonb_to_recordset(${json(rows)}::text::jsonb) as c(a text, i text, run text, reason text)
    ), hit as (
      update outbox o
      set status = case when o.status = 'pending' then 'cancelled' else o.status end,
          settled_at = case when o.status = 'pending' then app_now() end,
          is_withdrawn = o.status <> 'pending',
          reason = case when o.status = 'pending' then c.reason else o.reason end
      from c
      where o.account_id = c.a and o.igsid = c.i and o.author ->> 'type' = 'bot' and (c.run is null or o.run = c.run)
        and o.status in ('pending', 'inflight', 'unknown')
        and o.out_seq > (select s.done_out from send_lane s where s.account_id = c.a and s.igsid = c.i)
      returning o.account_id, o.message_id, o.status, o.reason
    )
    update message m set status = 'cancelled', reason = hit.reason
    from hit where m.account_id = hit.account_id and m.id = hit.message_id and hit.status = 'cancelled'`
}

/**
 * An echo is proof: a row of unknown fate was sent, and its lane goes on. One in flight keeps the echo's mid, which its own
 * answer confirms, or proves somebody else's; should no answer come, the mid settles it.
 */
async function noteEchoes(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = rowsOf(all, ({ echoed }) => echoed)
  if (rows.length === 0) return
  await tx`
    with e as (
      select * from jsonb_to_recordset(${json(rows)}::text::jsonb) as e(a text, i text, "outSeq" int, mid text)
    ), noted as (
      update outbox o set echo_mid = e.mid
      from e where o.account_id = e.a and o.igsid = e.i and o.out_seq = e."outSeq" and o.status = 'inflight'
    ), hit as (
      update outbox o set status = 'sent', mid = e.mid, settled_at = app_now(), reason = null
      from e where o.account_id = e.a and o.igsid = e.i and o.out_seq = e."outSeq" and o.mid is null
        and o.status in ('unknown', 'needs-person', 'pending', 'sent')
      returning o.account_id, o.igsid, o.out_seq, o.message_id, o.mid
    ), told as (
      update message m set status = 'sent', reason = null, mid = hit.mid, delivered_at = coalesce(m.delivered_at, app_now())
      from hit where m.account_id = hit.account_id and m.id = hit.message_id
    )
    update send_lane s
    set done_out = hit.out_seq, send_at = case when s.next_out - 1 > hit.out_seq then app_now() end
    from hit where s.account_id = hit.account_id and s.igsid = hit.igsid and s.done_out < hit.out_seq`
}

async function insertSends(tx: SqlTx, all: LaneWrites[], firstOut: Map<string, number>): Promise<void> {
  const rows = rowsOf(all, ({ lane, sends }) => {
    const first = firstOut.get(`${lane.accountId} ${lane.igsid}`) ?? 0
    return sends.map((send, ix) => ({ ...send, outSeq: first + ix }))
  })
  if (rows.length === 0) return
  await tx`
    insert into outbox (account_id, igsid, out_seq, workspace_id, event_id, effect_ix, message_id, author, run, message, fingerprint, status, reason, settled_at)
    select a, i, "outSeq", w, "eventId", "effectIx", "messageId", author, run, message, fingerprint, status, reason,
           case when status = 'cancelled' then app_now() end
    from jsonb_to_recordset(${json(rows)}::text::jsonb) as x(
      a text, i text, w uuid, "outSeq" int, "eventId" bigint, "effectIx" int, "messageId" uuid, author jsonb, run text,
      message jsonb, fingerprint text, status text, reason text)`
}

async function insertMessages(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = rowsOf(all, ({ messages }) => messages.map((message, ix) => ({ ...message, ix })))
  if (rows.length === 0) return
  await tx`
    insert into message (account_id, igsid, workspace_id, id, author, content, mid, status, reason, client_id, at)
    select a, i, w, id, author, content, mid, status, reason, "clientId", to_timestamp("atMs" / 1000.0)
    from jsonb_to_recordset(${json(rows)}::text::jsonb) as x(
      a text, i text, w uuid, ix int, id uuid, author jsonb, content jsonb, mid text, status text, reason text, "clientId" text, "atMs" bigint)
    order by a, i, ix`
}

/** Seen means everything of ours up to that message. What was unsent loses its content. */
async function markMessages(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const of = (type: string) => rowsOf(all, ({ marks }) => marks.filter((mark) => mark.type === type))
  const seen = of('seen')
  if (seen.length > 0) {
    await tx`
      update message m set seen_at = to_timestamp(x."atMs" / 1000.0)
      from jsonb_to_recordset(${json(seen)}::text::jsonb) as x(a text, i text, mid text, "atMs" bigint)
      join message upto on upto.account_id = x.a and upto.mid = x.mid and upto.igsid = x.i
      where m.account_id = x.a and m.igsid = x.i and m.seq <= upto.seq and m.seen_at is null and m.status = 'sent'`
  }
  const delivered = of('delivered')
  if (delivered.length > 0) {
    await tx`
      update message m set delivered_at = to_timestamp(x."atMs" / 1000.0)
      from jsonb_to_recordset(${json(delivered)}::text::jsonb) as x(a text, mid text, "atMs" bigint)
      where m.account_id = x.a and m.mid = x.mid and m.delivered_at is null`
  }
  const unsent = of('unsent')
  if (unsent.length > 0) {
    await tx`
      update message m set content = '{"type":"unsent"}'
      from jsonb_to_recordset(${json(unsent)}::text::jsonb) as x(a text, mid text)
      where m.account_id = x.a and m.mid = x.mid`
  }
  const edited = of('edited')
  if (edited.length > 0) {
    await tx`
      update message m set content = jsonb_set(m.content, '{text}', to_jsonb(x.text)), edited_at = to_timestamp(x."atMs" / 1000.0)
      from jsonb_to_recordset(${json(edited)}::text::jsonb) as x(a text, mid text, text text, "atMs" bigint)
      where m.account_id = x.a and m.mid = x.mid and m.content ->> 'type' = 'heard'`
  }
}

async function writeTimers(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = rowsOf(all, ({ timers }) => [...timers].map(([id, timer]) => ({ id, ...timer })))
  const gone = rows.filter((row) => row.fireAt === undefined)
  const due = rows.filter((row) => row.fireAt !== undefined)
  if (gone.length > 0) {
    await tx`
      delete from timer t using jsonb_to_recordset(${json(gone)}::text::jsonb) as x(a text, i text, id text)
      where t.account_id = x.a and t.igsid = x.i and t.timer_id = x.id`
  }
  if (due.length > 0) {
    await tx`
      insert into timer (account_id, igsid, timer_id, workspace_id, generation, due)
      select a, i, id, w, generation, to_timestamp("fireAt" / 1000.0)
      from jsonb_to_recordset(${json(due)}::text::jsonb) as x(a text, i text, w uuid, id text, generation int, "fireAt" bigint)
      on conflict (account_id, igsid, timer_id) do update set generation = excluded.generation, due = excluded.due`
  }
}

async function writeConversations(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = all.map((writes) => {
    const { state, readVersion, lastMessageMs, needsAttention } = writes
    return {
      ...keyOf(writes),
      hold: state.hold.by,
      runFlow: state.run?.flow ?? null,
      runVersion: state.run?.version ?? null,
      personMs: state.lastPersonAt,
      lastMs: lastMessageMs,
      unanswered: state.unanswered,
      needsAttention,
      version: readVersion + 1,
      state,
    }
  })
  const written = await tx`
    insert into conversation as c (account_id, igsid, workspace_id, hold, run_flow, run_version, last_person_at, last_message_at,
                                   unanswered, needs_attention, version, state, created_at)
    select a, i, w, hold, "runFlow", "runVersion", to_timestamp("personMs" / 1000.0), to_timestamp("lastMs" / 1000.0),
           unanswered, "needsAttention", version, state, app_now()
    from jsonb_to_recordset(${json(rows)}::text::jsonb) as x(
      a text, i text, w uuid, hold text, "runFlow" text, "runVersion" int, "personMs" bigint, "lastMs" bigint,
      unanswered boolean, "needsAttention" boolean, version int, state jsonb)
    on conflict (account_id, igsid) do update
      set hold = excluded.hold, run_flow = excluded.run_flow, run_version = excluded.run_version,
          last_person_at = excluded.last_person_at, last_message_at = greatest(c.last_message_at, excluded.last_message_at),
          unanswered = excluded.unanswered, needs_attention = c.needs_attention or excluded.needs_attention,
          version = excluded.version, state = excluded.state
      where c.version = excluded.version - 1`
  if (written.count !== rows.length) throw new Error('A conversation was written by somebody else while its lane was locked.')
}

async function writeCursors(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const applied = all.flatMap(({ lane, applied, programId }) =>
    applied.map(({ id, decided }) => ({ a: lane.accountId, i: lane.igsid, id, decided, programId })),
  )
  await tx`
    update inbound_event e set applied_at = app_now(), program_id = x."programId", decided = x.decided
    from jsonb_to_recordset(${json(applied)}::text::jsonb) as x(a text, i text, id bigint, decided jsonb, "programId" text)
    where e.account_id = x.a and e.igsid = x.i and e.id = x.id`
  const cursors = all.map((writes) => ({
    ...keyOf(writes),
    id: writes.applied.at(-1)?.id ?? writes.lane.appliedId,
    more: writes.hasMore,
  }))
  await tx`
    update lane l set applied_id = x.id, attempts = 0, parked_reason = null, run_at = case when x.more then app_now() end
    from jsonb_to_recordset(${json(cursors)}::text::jsonb) as x(a text, i text, id bigint, more boolean)
    where l.account_id = x.a and l.igsid = x.i`
}

/** A new person's name is asked for once. */
async function insertProfileJobs(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const fresh = all.filter(({ isNew, state }) => isNew && state.lastPersonAt !== null).map(keyOf)
  if (fresh.length === 0) return
  await tx`
    insert into job (account_id, igsid, workspace_id, kind, run_at)
    select a, i, w, 'profile', app_now() from jsonb_to_recordset(${json(fresh)}::text::jsonb) as x(a text, i text, w uuid)
    on conflict do nothing`
}

async function insertDeadLetters(tx: SqlTx, all: LaneWrites[]): Promise<void> {
  const rows = rowsOf(all, ({ deadLetters }) => deadLetters)
  if (rows.length === 0) return
  await tx`
    insert into dead_letter (account_id, igsid, event_id, workspace_id, error, at)
    select a, i, "eventId", w, error, app_now()
    from jsonb_to_recordset(${json(rows)}::text::jsonb) as x(a text, i text, w uuid, "eventId" bigint, error text)
    on conflict do nothing`
}
