import { sql } from 'drizzle-orm'
import type { LaneEvent, LaneEventType } from '@/lib/flow/event'
import type { Tx } from './client'

/** A lane event before it is stored: its identity, time of receipt and chance are given here. */
export type NewLaneEvent<T extends LaneEventType = LaneEventType> = T extends LaneEventType
  ? Omit<Extract<LaneEvent, { type: T }>, 'id' | 'at' | 'chance'>
  : never

export interface LaneKey {
  accountId: string
  igsid: string
}

export interface LaneEventInput extends LaneKey {
  workspaceId: string
  event: NewLaneEvent
  /** Taken in once per account and key; null: always. */
  dedupeKey: string | null
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The one order in which lanes are locked. Postgres compares these columns with collation "C" for the same reason. */
export const byLaneKey = (a: LaneKey, b: LaneKey): number => compare(a.accountId, b.accountId) || compare(a.igsid, b.igsid)

/**
 * Puts events of people and of Parley itself at the tail of their lanes, in key order of the lanes. The lane's lock is taken
 * before the identity is drawn, so identity order is commit order within a lane. Returns the ids, null where the key was seen.
 */
export async function appendLaneEvents(tx: Tx, inputs: LaneEventInput[]): Promise<(string | null)[]> {
  const ids: (string | null)[] = inputs.map(() => null)
  const order = inputs.map((input, index) => ({ input, index })).sort((a, b) => byLaneKey(a.input, b.input) || a.index - b.index)
  for (const { input, index } of order) {
    const { accountId, igsid, workspaceId, event, dedupeKey } = input
    await tx.execute(sql`
      insert into lane (account_id, igsid, workspace_id, run_at) values (${accountId}, ${igsid}, ${workspaceId}, app_now())
      on conflict (account_id, igsid) do update set run_at = least(lane.run_at, excluded.run_at)`)
    if (dedupeKey !== null) {
      const fresh = await tx.execute(sql`
        insert into seen (account_id, dedupe_key, workspace_id) values (${accountId}, ${dedupeKey}, ${workspaceId})
        on conflict do nothing returning 1`)
      if (fresh.length === 0) continue
    }
    const [row] = await tx.execute<{ id: string }>(sql`
      insert into inbound_event (account_id, igsid, workspace_id, kind, payload, at, chance)
      values (${accountId}, ${igsid}, ${workspaceId}, ${event.type}, ${JSON.stringify(event)}::text::jsonb, app_now(),
              floor(random() * 4294967296)::bigint)
      returning id`)
    ids[index] = row?.id ?? null
  }
  return ids
}
