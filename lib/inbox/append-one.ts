import type { Tx } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { appendLaneEvents, type LaneKey, type NewLaneEvent } from '@/lib/db/lane-events'

/** One event at the tail of a lane, always: returns its identity. */
export async function appendOne(
  tx: Tx,
  { workspaceId }: Pick<Ctx, 'workspaceId'>,
  lane: LaneKey,
  event: NewLaneEvent,
): Promise<string> {
  const { accountId, igsid } = lane
  const [id] = await appendLaneEvents(tx, [{ accountId, igsid, workspaceId, event, dedupeKey: null }])
  if (!id) throw new Error('the event was not stored')
  return id
}
