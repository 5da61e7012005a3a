import type { Sql } from '@/lib/db/client'

/** One element for the statement below; `message` is the thread row it makes, for what a person said. */
export interface IngestRow {
  ix: number
  account_id: string
  igsid: string
  kind: string
  payload: unknown
  meta_ms: number
  dedupe_key: string
  chance: number
  message: { content: unknown; mid: string | null } | null
}

/**
 * Takes a whole delivery in with one statement, so one transaction and one round trip. In this order: the lanes are upserted
 * in key order, which takes their locks and wakes the worker; what was seen before is left out; events get their identity
 * while the locks are held; what people said gets its row in the thread.
 * `onlyAccount` is the account of a connection with its own secret; null: any account without one.
 * Returns the `ix` of every row whose account is connected this way; the others were not touched.
 */
export async function ingestRows(sql: Sql, rows: IngestRow[], onlyAccount: string | null): Promise<Set<number>> {
  const known = await sql<{ ix: number }[]>`
    with input as materialized (
      select i.*, a.workspace_id
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as i(
        ix int, account_id text, igsid text, kind text, payload jsonb, meta_ms bigint, dedupe_key text, chance bigint, message jsonb)
      join account a on a.id = i.account_id
      where case when ${onlyAccount}::text is null
        then exists (select from connection c where c.account_id = a.id and c.app_secret is null)
        else a.id = ${onlyAccount} end
    ), lanes as (
      insert into lane (account_id, igsid, workspace_id, run_at)
      select distinct on (account_id collate "C", igsid collate "C") account_id, igsid, workspace_id, app_now() from input
      order by account_id collate "C", igsid collate "C"
      on conflict (account_id, igsid) do update set run_at = least(lane.run_at, excluded.run_at)
      returning account_id, igsid
    ), fresh as (
      insert into seen (account_id, dedupe_key, workspace_id)
      select distinct on (i.account_id, i.dedupe_key) i.account_id, i.dedupe_key, i.workspace_id
      from input i join lanes using (account_id, igsid)
      on conflict do nothing
      returning account_id, dedupe_key
    ), first as (
      select distinct on (i.account_id, i.dedupe_key) i.* from input i join fresh using (account_id, dedupe_key)
      order by i.account_id, i.dedupe_key, i.ix
    ), events as (
      insert into inbound_event (account_id, igsid, workspace_id, kind, payload, meta_time, at, chance)
      select account_id, igsid, workspace_id, kind, payload, to_timestamp(meta_ms / 1000.0), app_now(), chance
      from first order by ix
    ), said as (
      insert into message (account_id, igsid, workspace_id, author, content, mid, status, at)
      select account_id, igsid, workspace_id, '{"type":"person"}',
             -- Instagram does not promise order: what was taken back already is not shown any more.
             case when exists (select from seen u where u.account_id = first.account_id and u.dedupe_key = 'unsent:' || (message ->> 'mid'))
               then '{"type":"unsent"}' else message -> 'content' end,
             message ->> 'mid', 'received',
             least(to_timestamp(meta_ms / 1000.0), app_now())
      from first where message is not null and message <> 'null' order by ix
    )
    select ix from input`
  return new Set(known.map((row) => row.ix))
}

/** Keeps what was signed but could not be taken in. `onlyAccount`: whoever signs for one account puts nothing into another's workspace. */
export async function quarantine(
  sql: Sql,
  rows: { accountId: string | null; verdict: string; reason: string; body: string }[],
  onlyAccount: string | null,
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into delivery (account_id, workspace_id, received_at, verdict, reason, body)
    select q."accountId", a.workspace_id, app_now(), q.verdict, q.reason, q.body
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as q("accountId" text, verdict text, reason text, body text)
    left join account a on a.id = q."accountId" and a.id = coalesce(${onlyAccount}, a.id)`
}
