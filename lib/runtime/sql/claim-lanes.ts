import type { SqlTx } from '@/lib/db/client'

export interface ClaimedLane {
  accountId: string
  igsid: string
  workspaceId: string
  appliedId: string
  attempts: number
}

/**
 * Locks up to `limit` lanes that have something to hear; lanes that another worker holds are passed over. `only` claims that
 * one lane, due or not in turn. What they have to hear must be read by a *second* statement: this one's snapshot is older
 * than its locks.
 */
export async function claimLanes(
  tx: SqlTx,
  limit: number,
  only: { accountId: string; igsid: string } | null,
): Promise<ClaimedLane[]> {
  const rows = await tx<ClaimedLane[]>`
    select account_id as "accountId", igsid, workspace_id as "workspaceId", applied_id as "appliedId", attempts
    from lane
    where run_at <= app_now()
      ${only ? tx`and account_id = ${only.accountId} and igsid = ${only.igsid}` : tx``}
    order by run_at limit ${limit} for update skip locked`
  return [...rows]
}

/** Locked lanes that nothing can be done for now: what they have to hear stays, and is heard when something more comes. */
export async function parkLanes(tx: SqlTx, lanes: ClaimedLane[], reason: string): Promise<void> {
  if (lanes.length === 0) return
  await tx`
    update lane l set run_at = null, parked_reason = ${reason}
    from jsonb_to_recordset(${JSON.stringify(lanes)}::text::jsonb) as x("accountId" text, igsid text)
    where l.account_id = x."accountId" and l.igsid = x.igsid`
}
