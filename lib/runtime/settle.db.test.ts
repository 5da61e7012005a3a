import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '@/lib/db/client'
import { createProgramStore } from './programs'
import { carryOut } from './send'
import { settleFailed, settleSent, settleUnknown, settleWait } from './settle'
import { type ClaimedSend, claimSends } from './sql/claim-sends'
import { stepLanes } from './step-lanes'
import { type Engine, echo, say, startEngine, TIME_SCALE, text } from './testing'
import { engineTiming } from './timing'

/*
 * What becomes of a send, step by step and without a worker where its steps have to be put in an order that is rare. Two sends
 * of one row here are two messages to one person.
 */
const timing = engineTiming(TIME_SCALE)

let engine: Engine
let database: Database
beforeAll(async () => {
  engine = await startEngine()
  database = { sql: engine.sql, db: engine.db, close: async () => {} }
})
afterAll(() => engine.close())
beforeEach(() => engine.reset())
afterEach(() => engine.stop())

const stepAll = async () => {
  const store = createProgramStore()
  for (let lanes = 1; lanes > 0; ) lanes = (await stepLanes(engine.sql, store)).lanes
}
const claimOne = async (): Promise<ClaimedSend> => {
  const [claim] = await claimSends(engine.sql, 1, timing)
  if (!claim) throw new Error('there was nothing to claim')
  return claim
}
/** A person writes; the answers are in the outbox and the first one is claimed. */
async function claimAnswer(...words: string[]): Promise<ClaimedSend> {
  await engine.publish([say(...words)])
  await engine.deliver(text('S1', 'go'))
  await stepAll()
  return claimOne()
}
const heard = () => engine.graph.accepted.map((message) => message.text)
const rows = async () => [
  ...(await engine.sql<{ status: string; mid: string | null }[]>`select status, mid from outbox order by out_seq`),
]
const foreignEchoes = () => engine.sql`select 1 from inbound_event where kind = 'echo' and payload ->> 'foreign' = 'true'`

/** Runs `work` so that it begins while a step holds the lane, and must wait for that step's commit. */
async function duringAStep(work: () => Promise<void>): Promise<void> {
  const other = openDatabase(engine.url, { max: 2, name: 'parley test other' })
  const waiting = (most: number) =>
    expect
      .poll(() => other.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
      .toHaveLength(most)
  const tasks: Promise<unknown>[] = []
  await other.sql.begin(async (tx) => {
    await tx`select 1 from conversation for update`
    tasks.push(stepLanes(engine.sql, createProgramStore()))
    await waiting(1)
    tasks.push(work())
    await waiting(2)
  })
  await Promise.all(tasks)
  await other.close()
}

describe('an echo that a step takes for a send while its answer is being written', () => {
  it('is found out to be somebody else’s', async () => {
    const claim = await claimAnswer('one')
    await engine.deliver(echo('S1', 'mid.app', 'one'))
    await duringAStep(() => settleSent(database, claim, 'mid.ours'))
    await stepAll()
    expect(await foreignEchoes()).toHaveLength(1)
    expect(await rows()).toEqual([{ status: 'sent', mid: 'mid.ours' }])
    expect(await engine.sql`select hold from conversation`).toMatchObject([{ hold: 'agent' }])
  })

  it('settles it when there is no answer', async () => {
    const claim = await claimAnswer('one')
    await engine.deliver(echo('S1', 'mid.1', 'one'))
    await duringAStep(() => settleUnknown(database, claim, 'cut', timing))
    expect(await rows()).toEqual([{ status: 'sent', mid: 'mid.1' }])
  })
})

describe('an echo that was taken for a send', () => {
  it('settles it also when its sender died and nothing can be looked up', async () => {
    engine.graph.canLookUp = false
    await claimAnswer('one', 'two')
    await engine.deliver(echo('S1', 'mid.0', 'one'))
    await stepAll()
    engine.start()
    await engine.idle()
    expect(await rows()).toEqual([
      { status: 'sent', mid: 'mid.0' },
      { status: 'sent', mid: 'mid.1' },
    ])
    expect(heard()).toEqual(['two'])
  })

  it.each([
    ['is to wait', (claim: ClaimedSend) => settleWait(database, claim, 0, 'later'), 'cancelled'],
    ['failed', (claim: ClaimedSend) => settleFailed(database, claim, 'never'), 'failed'],
  ])('is somebody else’s when the send %s', async (_, settle, status) => {
    const claim = await claimAnswer('one')
    await engine.deliver(echo('S1', 'mid.app', 'one'))
    await stepAll()
    await settle(claim)
    await stepAll()
    expect(await foreignEchoes()).toHaveLength(1)
    expect(await rows()).toEqual([{ status, mid: null }])
    expect(await engine.sql`select hold from conversation`).toMatchObject([{ hold: 'agent' }])
  })
})

describe('nothing is sent again', () => {
  it('when its answer comes after all', async () => {
    const claim = await claimAnswer('one')
    await settleWait(database, claim, 0, 'not found', true)
    await settleSent(database, claim, 'mid.1')
    engine.start()
    await engine.idle()
    expect(await rows()).toEqual([{ status: 'sent', mid: 'mid.1' }])
    expect(heard()).toEqual([])
  })

  it('by a sender that was held up until others had taken over', async () => {
    const late = await claimAnswer('one')
    await sleep(timing.lookUpAfterMs)
    engine.start()
    await engine.idle()
    await carryOut(database, late, timing)
    expect(heard()).toEqual(['one'])
  })

  it('when time is moved past its lease during the call', async () => {
    await engine.publish([say('one')])
    engine.graph.faults = ['slow']
    engine.start(2)
    await engine.deliver(text('S1', 'go'))
    await expect.poll(() => engine.graph.tries).toBe(1)
    await engine.sql`update app_clock set offset_ms = 3600000`
    await engine.idle()
    expect(heard()).toEqual(['one'])
    expect(await rows()).toEqual([{ status: 'sent', mid: 'mid.1' }])
  })

  it.each([
    ['the newest twenty, which alone have details', 22],
    ['the newest page', 30],
  ])('when it may lie beyond %s', async (_, later) => {
    await engine.publish([say('one')])
    engine.graph.faults = ['cut-after']
    engine.graph.onAccept = ({ igsid, at }) => {
      for (let n = 1; n <= later; n++) engine.graph.written.push({ igsid, mid: `w${n}`, text: `line ${n}`, at: at + n })
    }
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one'])
    expect(await rows()).toEqual([{ status: 'needs-person', mid: null }])
  })
})

it('that fails takes back also what its run said before it heard of it', async () => {
  const at = { x: 0, y: 0 }
  const chips = [{ id: 'red', type: 'text', title: 'Red' }]
  const question = { id: 'q', kind: 'quick-reply', position: at, data: { text: 'Which?', chips, noAnswerAfterMinutes: null } }
  const answer = { id: 'r', kind: 'message', position: at, data: { bubbles: [{ id: 'b', type: 'text', text: 'Red it is' }] } }
  const flow = say()
  const edges = [
    { id: '1', source: 'k', port: 'next', target: 'q' },
    { id: '2', source: 'q', port: 'red', target: 'r' },
  ]
  await engine.publish([{ ...flow, nodes: [...flow.nodes, question, answer], edges }])
  await engine.deliver(text('S1', 'go'))
  await stepAll()
  const claim = await claimOne()
  await engine.deliver(text('S1', 'Red'))
  await settleFailed(database, claim, 'never')
  await stepAll()
  expect(await rows()).toMatchObject([{ status: 'failed' }, { status: 'cancelled' }])
})

it('is sent again when a long thread shows that it is absent', async () => {
  await engine.publish([say('one')])
  const at = Date.now()
  const lines = Array.from({ length: 30 }, (_, n) => ({ igsid: 'S1', mid: `w${n}`, text: 'hm', at: at + n }))
  engine.graph.written = lines
  for (const line of lines) await engine.deliver(text('S1', 'hm', line.mid))
  engine.graph.faults = ['cut-before']
  engine.start()
  await engine.deliver(text('S1', 'go'))
  await engine.idle()
  expect(heard()).toEqual(['one'])
  expect(engine.graph.tries).toBe(2)
})
