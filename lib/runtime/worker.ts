import { randomUUID } from 'node:crypto'
import type { Database } from '@/lib/db/client'
import { log, reasonOf } from '@/lib/log'
import { claimJobs, runProfileJob } from './jobs'
import { startLoop } from './loop'
import { probe } from './probe'
import { createProgramStore } from './programs'
import { carryOut } from './send'
import { claimSends } from './sql/claim-sends'
import { fireTimers } from './sql/fire-timers'
import { stepLanes } from './step-lanes'
import type { Timing } from './timing'

const HEARTBEAT_MS = 5_000
const TIMERS_AT_ONCE = 200
const JOBS_AT_ONCE = 4

export interface Worker {
  /** Claims nothing more, finishes what is in hand, then resolves. */
  stop: () => Promise<void>
}

/** Runs work beside the loop that found it, at most `most` at a time. */
function createSlots(most: number, isFree: () => void) {
  const busy = new Set<Promise<void>>()
  return {
    free: () => most - busy.size,
    start: (name: string, work: Promise<void>) => {
      const task = work
        // Not written means not settled: the lease runs out and the row is looked up, so nothing is lost or doubled here.
        .catch((error) => log.error(`${name}-failed`, { reason: reasonOf(error) }))
        .finally(() => {
          busy.delete(task)
          isFree()
        })
      busy.add(task)
    },
    drained: async () => {
      while (busy.size > 0) await Promise.all(busy)
    },
  }
}

/** One worker: applies events, fires timers, sends, asks for profiles. Any number may run; they share by locking rows. */
export function startWorker(database: Database, { concurrency, timing }: { concurrency: number; timing: Timing }): Worker {
  const id = randomUUID()
  const store = createProgramStore()
  const sends = createSlots(concurrency, () => sendLoop.wake())
  const jobs = createSlots(JOBS_AT_ONCE, () => jobLoop.wake())

  const sendLoop = startLoop('send', async () => {
    const free = sends.free()
    if (free === 0) return 0
    const claims = await claimSends(database.sql, free, timing)
    for (const claim of claims) sends.start('send', carryOut(database, claim, timing))
    return claims.length
  })
  const stepLoop = startLoop('step', async () => {
    const report = await stepLanes(database.sql, store)
    if (report.sends > 0) sendLoop.wake()
    return report.lanes
  })
  const timerLoop = startLoop('timers', async () => {
    const fired = await fireTimers(database.sql, TIMERS_AT_ONCE)
    if (fired > 0) {
      probe('timers:fired')
      stepLoop.wake()
    }
    return fired
  })
  const jobLoop = startLoop('jobs', async () => {
    const free = jobs.free()
    if (free === 0) return 0
    const claims = await claimJobs(database, free)
    for (const job of claims) jobs.start('job', runProfileJob(database, job).then(stepLoop.wake))
    return claims.length
  })

  const beat = () =>
    database.sql`
      insert into worker_heartbeat (id, seen_at) values (${id}, now()) on conflict (id) do update set seen_at = excluded.seen_at`.then(
      () => {},
      (error) => log.warn('heartbeat-failed', { reason: reasonOf(error) }),
    )
  const heart = setInterval(beat, HEARTBEAT_MS)
  void beat()

  return {
    stop: async () => {
      clearInterval(heart)
      await Promise.all([stepLoop.stop(), sendLoop.stop(), timerLoop.stop(), jobLoop.stop()])
      await Promise.all([sends.drained(), jobs.drained()])
      await database.sql`delete from worker_heartbeat where id = ${id} or seen_at < now() - interval '1 day'`.catch(() => {})
    },
  }
}
