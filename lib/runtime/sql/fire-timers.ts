import type { Sql } from '@/lib/db/client'

/**
 * Due timers become events of their lanes, in one statement and so in one transaction. The lanes are locked first; those that
 * another worker holds are left for the next round. A stale generation is ignored by the step, not here.
 */
export async function fireTimers(sql: Sql, limit: number): Promise<number> {
  const rows = await sql`
    with lanes as (
      select l.account_id, l.igsid from lane l
      where (l.account_id, l.igsid) in (select t.account_id, t.igsid from timer t where t.due <= app_now() order by t.due limit ${limit})
      order by l.account_id collate "C", l.igsid collate "C" for update skip locked
    ), fired as (
      delete from timer t using lanes
      where t.account_id = lanes.account_id and t.igsid = lanes.igsid and t.due <= app_now()
      returning t.*
    ), events as (
      insert into inbound_event (account_id, igsid, workspace_id, kind, payload, at, chance)
      select account_id, igsid, workspace_id, 'timer',
             jsonb_build_object('type', 'timer', 'timerId', timer_id, 'generation', generation), app_now(),
             floor(random() * 4294967296)::bigint
      from fired order by due, timer_id
      returning account_id, igsid
    )
    update lane l set run_at = least(l.run_at, app_now())
    from (select distinct account_id, igsid from events) e
    where l.account_id = e.account_id and l.igsid = e.igsid
    returning 1`
  return rows.length
}
