import type { Sql, SqlTx } from '@/lib/db/client'
import type { LaneKey } from '@/lib/db/lane-events'
import type { LaneEvent } from '@/lib/flow/event'
import type { Deployment } from '@/lib/flow/program'
import { LaneState, newLaneState } from '@/lib/flow/state'
import { log, reasonOf } from '@/lib/log'
import { applyEvent } from './apply-event'
import { isTransient } from './database-error'
import { probe } from './probe'
import type { ProgramStore } from './programs'
import { type ClaimedLane, claimLanes, parkLanes } from './sql/claim-lanes'
import { type LaneReading, readLanes, readSendsInDoubt, type SendInDoubt, type WaitingEvent } from './sql/read-lanes'
import { writeStep } from './sql/write-step'
import type { LaneWrites } from './step-writes'

const LANES_AT_ONCE = 16
const EVENTS_PER_LANE = 50
/** An event that could not be applied this often goes to dead_letter and its lane goes on. */
const TRIES = 3

export interface StepReport {
  lanes: number
  sends: number
}

/**
 * Applies what the lanes have heard: claims some, steps them in memory, writes it all in one transaction. When that fails,
 * each lane is tried by itself, so that one bad event costs its own lane only, and there at most three tries.
 * @throws when the database is away; nothing is then changed.
 */
export async function stepLanes(sql: Sql, store: ProgramStore): Promise<StepReport> {
  const claimed: ClaimedLane[] = []
  try {
    return await stepTogether(sql, store, null, claimed)
  } catch (error) {
    if (isTransient(error) || claimed.length === 0) throw error
    log.warn('step-batch-failed', { lanes: claimed.length, reason: reasonOf(error) })
  }
  const total: StepReport = { lanes: 0, sends: 0 }
  for (const lane of claimed) {
    try {
      const report = await stepTogether(sql, store, lane, [])
      total.lanes += report.lanes
      total.sends += report.sends
    } catch (error) {
      if (isTransient(error)) throw error
      await postpone(sql, lane, error)
    }
  }
  return total
}

async function stepTogether(sql: Sql, store: ProgramStore, only: LaneKey | null, claimed: ClaimedLane[]): Promise<StepReport> {
  const report = await sql.begin(async (tx) => {
    const lanes = await claimLanes(tx, only ? 1 : LANES_AT_ONCE, only)
    claimed.push(...lanes)
    if (lanes.length === 0) return { lanes: 0, sends: 0 }
    const readings = await readLanes(tx, lanes, EVENTS_PER_LANE)
    probe('step:read')
    const echoes = readings.flatMap(({ accountId, igsid, events }) =>
      events.flatMap(({ kind, payload }) => (kind === 'echo' ? [{ accountId, igsid, mid: String(payload.mid) }] : [])),
    )
    const doubts = echoes.length > 0 ? await readSendsInDoubt(tx, echoes) : []
    const writes: LaneWrites[] = []
    for (const lane of lanes) {
      const reading = readings.find((row) => row.accountId === lane.accountId && row.igsid === lane.igsid)
      if (reading) writes.push(await stepLane(tx, store, lane, reading, doubts))
    }
    await writeStep(tx, writes)
    // Without its account a lane cannot be stepped; left as it is, it would be claimed before all others for ever.
    await parkLanes(
      tx,
      lanes.filter((lane) => !writes.some((written) => written.lane === lane)),
      'The account is not here any more.',
    )
    return { lanes: lanes.length, sends: writes.reduce((sum, { sends }) => sum + sends.length, 0) }
  })
  if (report.lanes > 0) probe('step:committed')
  return report
}

async function stepLane(
  tx: SqlTx,
  store: ProgramStore,
  lane: ClaimedLane,
  reading: LaneReading,
  allDoubts: SendInDoubt[],
): Promise<LaneWrites> {
  const isDead = lane.attempts >= TRIES
  const state = isDead ? readableState(reading) : (reading.state ?? newLaneState())
  const writes: LaneWrites = {
    lane,
    isNew: (reading.state?.lastPersonAt ?? null) === null,
    readVersion: reading.version,
    state,
    applied: [],
    programId: reading.programId,
    sends: [],
    messages: [],
    marks: [],
    timers: new Map(),
    cancels: [],
    echoed: [],
    lastMessageMs: null,
    needsAttention: false,
    deadLetters: [],
    hasMore: reading.hasMore,
  }
  const program = await store.load(tx, reading.programId, pinnedOf(state, reading.events))
  const doubts = allDoubts.filter((row) => row.accountId === lane.accountId && row.igsid === lane.igsid)
  for (const waiting of reading.events) {
    // Only one event is read of a lane whose last step failed: this is the one that did.
    if (isDead) writes.deadLetters.push({ eventId: waiting.id, error: `Tried ${TRIES} times: ${await parkedReason(tx, lane)}` })
    applyEvent(writes, program, isDead ? deadLetterOf(waiting) : eventOf(waiting), doubts)
  }
  return writes
}

/** Versions that the lane needs beside the deployed ones: of its live and its last run, and of publishes it is about to hear. */
function pinnedOf({ run, lastRun }: LaneState, events: WaitingEvent[]): Deployment[] {
  const pinned = run
    ? [{ flow: run.flow, version: run.version }, ...run.frames.map(({ flow, version }) => ({ flow, version }))]
    : []
  if (lastRun) pinned.push({ flow: lastRun.flow, version: lastRun.version })
  for (const { kind, payload } of events) {
    if (kind === 'publish') pinned.push({ flow: String(payload.flow), version: Number(payload.version) })
  }
  return pinned
}

/** The stored state, or, when it is the state itself that cannot be read, a new one that is held by the queue. */
function readableState({ state, nowMs }: LaneReading): LaneState {
  const parsed = LaneState.safeParse(state ?? newLaneState())
  if (parsed.success) return parsed.data
  const summary = 'What Parley knew of this conversation could not be read.'
  return { ...newLaneState(), hold: { by: 'queue', since: nowMs, team: null, priority: 'high', summary } }
}

/** A stored event as `step` reads it. Rows are written by our own code alone, in this very shape. */
const eventOf = ({ id, payload, atMs, chance }: WaitingEvent): LaneEvent => ({ ...payload, id, at: atMs, chance }) as LaneEvent

const deadLetterOf = ({ id, atMs, chance }: WaitingEvent): LaneEvent => ({ type: 'dead-letter', id, at: atMs, chance, event: id })

async function parkedReason(tx: SqlTx, { accountId, igsid }: LaneKey): Promise<string> {
  const [row] = await tx<{ reason: string | null }[]>`
    select parked_reason as reason from lane where account_id = ${accountId} and igsid = ${igsid}`
  return row?.reason ?? 'unknown reason'
}

/** Counts a failed try of the lane's first event and looks again later; no longer so when another worker got past it. */
async function postpone(sql: Sql, { accountId, igsid, appliedId }: ClaimedLane, error: unknown): Promise<void> {
  log.error('step-failed', { account: accountId, lane: igsid, reason: reasonOf(error) })
  await sql`
    update lane set attempts = attempts + 1, parked_reason = ${reasonOf(error).slice(0, 500)},
                    run_at = app_now() + exp(least(attempts, 10)) * interval '1 second'
    where account_id = ${accountId} and igsid = ${igsid} and applied_id = ${appliedId} and run_at is not null`
}
