import { openDatabase, type Sql } from '@/lib/db/client'
import { type Env, readEnv } from '@/lib/env'
import { log } from '@/lib/log'
import { engineTiming } from './timing'
import { startWorker as start } from './worker'

/** The worker as a process has it: settings from the environment, a pool of its own. */
export async function startWorker(env: Env = readEnv()): Promise<{ stop: () => Promise<void> }> {
  // Loops, heartbeats and settles each want a connection at times; sends in flight hold none.
  const database = openDatabase(env.DATABASE_URL, { max: 10, name: 'parley worker' })
  if (env.SANDBOX !== 'on') await resetClock(database.sql)
  const worker = start(database, { concurrency: env.WORKER_CONCURRENCY, timing: engineTiming(env.ENGINE_TIME_SCALE) })
  return {
    stop: async () => {
      await worker.stop()
      await database.close()
    },
  }
}

/**
 * A database on which somebody played with the sandbox's time must not serve real accounts with it: windows would be wrong.
 * What was due in that future is due as much earlier.
 */
async function resetClock(sql: Sql): Promise<void> {
  const moved = await sql.begin(async (tx) => {
    const [clock] = await tx<{ offset: string }[]>`select offset_ms as offset from app_clock where offset_ms <> 0 for update`
    if (!clock) return false
    const back = tx`${clock.offset}::bigint * interval '1 millisecond'`
    await tx`update lane set run_at = least(run_at, now()) where run_at is not null`
    await tx`update send_lane set send_at = least(send_at, now()) where send_at is not null`
    await tx`update job set run_at = least(run_at, now()) where run_at is not null`
    await tx`update account_budget set paused_until = paused_until - ${back} where paused_until is not null`
    await tx`update timer set due = due - ${back}`
    await tx`update app_clock set offset_ms = 0`
    return true
  })
  if (moved) log.warn('clock-reset', { why: 'the sandbox, which had moved it, is off' })
}
