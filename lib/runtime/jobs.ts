import { connectionFor } from '@/lib/accounts/resolve-connection'
import type { Database } from '@/lib/db/client'
import { appendLaneEvents } from '@/lib/db/lane-events'
import { readProfile } from '@/lib/instagram/profile'

interface ClaimedJob {
  accountId: string
  id: string
  workspaceId: string
  igsid: string
  attempts: number
}

const LEASE_MS = 60_000
const TRIES = 3

/** Claims jobs that are due; whoever dies with one loses it to the next after the lease. */
export async function claimJobs({ sql }: Database, limit: number): Promise<ClaimedJob[]> {
  const rows = await sql<ClaimedJob[]>`
    with due as (
      select account_id, id from job where run_at <= app_now() order by run_at limit ${limit} for update skip locked
    )
    update job j set run_at = app_now() + ${LEASE_MS} * interval '1 millisecond', attempts = j.attempts + 1
    from due where j.account_id = due.account_id and j.id = due.id
    returning j.account_id as "accountId", j.id, j.workspace_id as "workspaceId", j.igsid, j.attempts`
  return [...rows]
}

/** Asks Instagram for a person's name; the answer is an event of the lane. A refusal is no problem: the name stays unknown. */
export async function runProfileJob(database: Database, job: ClaimedJob): Promise<void> {
  const { accountId, igsid, workspaceId } = job
  const connection = await connectionFor(database.sql, accountId)
  const result = connection
    ? await readProfile(
        { graphUrl: connection.graphUrl, version: connection.version, node: connection.nodeId, token: connection.token.reveal() },
        igsid,
      )
    : null
  if (result?.ok) {
    await database.db.transaction(async (tx) => {
      const event = { type: 'profile' as const, name: result.name, username: result.username }
      await appendLaneEvents(tx, [{ accountId, igsid, workspaceId, event, dedupeKey: `profile:${job.id}` }])
    })
  }
  const isOver =
    result === null || result.ok || result.outcome === 'never' || result.outcome === 'recipient-gone' || job.attempts >= TRIES
  const waitMs = result && !result.ok ? Math.max(result.waitMs, 10_000) : 0
  await database.sql`
    update job set run_at = case when ${!isOver} then app_now() + ${waitMs} * interval '1 millisecond' end,
                   last_error = ${result === null ? 'The account is not connected.' : result.ok ? null : result.says}
    where account_id = ${accountId} and id = ${job.id}`
}
