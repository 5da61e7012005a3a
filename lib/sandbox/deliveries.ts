import { log, reasonOf } from '@/lib/log'
import type { Clock } from './clock'
import { envelopeOf } from './events'
import { gapAfter, WEBHOOK_RETRY_MS, WEBHOOK_TIMEOUT_MS } from './limits'
import type { Account, Attempt, Delivery } from './model'
import { ask } from './post'
import type { Store } from './store'
import { signatureHeaders, wireForm } from './wire'
import type { World } from './world'

/** A timer of Node cannot be longer; a jump of the clock wakes everything anyway. */
const LONGEST_SLEEP_MS = 60_000
/** With `shuffle`, one of the first so many goes next. */
const SHUFFLE_REACH = 10

interface Lane {
  igId: string
  queue: Delivery[]
  isRunning: boolean
}

export interface Deliveries {
  /**
   * Queues one event of a thread. Null when nobody listens, or it was dropped on purpose. The promise of `tried` resolves after
   * the first try, whatever came of it.
   */
  enqueue(account: Account, igsid: string, element: object, how?: { lateMs?: number }): { tried: Promise<void> } | null
  /** How many wait. */
  pending(igId?: string): number
  /** Tries everything that waits at once. */
  kick(igId?: string): void
  /** After a change of `concurrency`, which decides what is kept in one order. */
  rearrange(account: Account): Promise<void>
  /** The clock was set back by this much: what is due moves with it. */
  shift(ms: number): void
  forget(): void
  stop(): Promise<void>
}

export const bodyOf = (delivery: Delivery): string => wireForm(envelopeOf(delivery))

/** Mulberry32: the same seed drops and shuffles the same way. */
function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export async function openDeliveries(store: Store, world: World, clock: Clock): Promise<Deliveries> {
  const lanes = new Map<string, Lane>()
  const running = new Set<Promise<void>>()
  const sleepers = new Set<() => void>()
  const slots = new Map<string, { used: number; queue: (() => void)[] }>()
  const rolls = new Map<string, { seed: number; roll: () => number }>()
  const firstTry = new Map<number, () => void>()
  const inFlight = new Map<number, string>()
  /** Made by this process and not yet tried: more elements may join. */
  const open = new Set<number>()
  /** Of those whose row may not be written yet: true when it is, false when the database was too slow to say. */
  const committed = new Map<number, Promise<boolean>>()
  const frozen = new Set<string>()
  let abort = new AbortController()
  let isStopping = false

  clock.onJump(wakeAll)

  function wakeAll() {
    for (const wake of [...sleepers]) wake()
  }

  function sleepUntil(dueAt: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, Math.min(dueAt - clock.now(), LONGEST_SLEEP_MS)))
      sleepers.add(wake)
    })
  }

  function rollOf(account: Account): number {
    let known = rolls.get(account.igId)
    if (known?.seed !== account.knobs.seed) {
      known = { seed: account.knobs.seed, roll: dice(account.knobs.seed) }
      rolls.set(account.igId, known)
    }
    return known.roll()
  }

  async function withSlot<T>(account: Account, work: () => Promise<T>): Promise<T> {
    let slot = slots.get(account.igId)
    if (!slot) {
      slot = { used: 0, queue: [] }
      slots.set(account.igId, slot)
    }
    const own = slot
    while (own.used >= account.knobs.concurrency) await new Promise<void>((resolve) => own.queue.push(resolve))
    own.used += 1
    try {
      return await work()
    } finally {
      own.used -= 1
      own.queue.shift()?.()
    }
  }

  const laneKey = (account: Account, igsid: string) => (account.knobs.concurrency > 1 ? `${account.igId}:${igsid}` : account.igId)
  const laneOf = (account: Account, delivery: Delivery) =>
    delivery.isLoose ? `loose:${delivery.id}` : laneKey(account, delivery.igsid)

  function take(lane: Lane, delivery: Delivery): void {
    const index = lane.queue.indexOf(delivery)
    if (index >= 0) lane.queue.splice(index, 1)
  }

  async function attempt(account: Account, delivery: Delivery): Promise<Attempt> {
    const body = bodyOf(delivery)
    const { signature } = account.knobs
    const began = Date.now()
    const at = clock.now()
    try {
      const answer = await ask(account.callbackUrl as string, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: '*/*',
          'User-Agent': 'facebookexternalua',
          ...(signature === 'missing'
            ? {}
            : signatureHeaders(body, signature === 'ok' ? account.appSecret : `${account.appSecret}x`)),
        },
        body,
        timeoutMs: WEBHOOK_TIMEOUT_MS,
        signal: abort.signal,
      })
      return { at, status: answer.status, ms: Date.now() - began, reason: null }
    } catch (error) {
      return { at, status: null, ms: Date.now() - began, reason: reasonOf(error) }
    }
  }

  function finish(lane: Lane, delivery: Delivery, state: Delivery['state']): void {
    delivery.state = state
    store.put('delivery', delivery.id, delivery)
    take(lane, delivery)
    tell(delivery)
  }

  function tell(delivery: Delivery): void {
    firstTry.get(delivery.id)?.()
    firstTry.delete(delivery.id)
  }

  /** One delivery, one try, and what follows from it. */
  async function deliver(account: Account, lane: Lane, delivery: Delivery): Promise<void> {
    const done = await withSlot(account, () => attempt(account, delivery))
    if (isStopping || delivery.state !== 'pending') return
    delivery.attempts.push(done)
    if (done.status === 200) {
      for (let copy = 0; copy < account.knobs.duplicates && !isStopping; copy += 1) {
        delivery.attempts.push(await withSlot(account, () => attempt(account, delivery)))
      }
      finish(lane, delivery, 'delivered')
    } else if (clock.now() - delivery.createdAt >= WEBHOOK_RETRY_MS) {
      finish(lane, delivery, 'given-up')
      log.warn('sandbox.webhook-given-up', { account: account.igId, delivery: delivery.id })
    } else {
      delivery.dueAt = clock.now() + gapAfter(delivery.attempts.length)
      store.put('delivery', delivery.id, delivery)
      if (account.knobs.order === 'loose' && delivery.attempts.length > 1 && !delivery.isLoose) {
        delivery.isLoose = true
        take(lane, delivery)
        place(account, delivery)
      }
    }
    tell(delivery)
  }

  async function run(key: string, lane: Lane): Promise<void> {
    while (!isStopping && lanes.get(key) === lane) {
      const account = world.accounts.get(lane.igId)
      const reach = account?.knobs.shuffle ? Math.min(SHUFFLE_REACH, lane.queue.length) : 1
      const delivery = lane.queue[account && reach > 1 ? Math.floor(rollOf(account) * reach) : 0]
      if (!account || !delivery) break
      if (!account.callbackUrl || !account.isInstalled) {
        finish(lane, delivery, 'given-up')
        continue
      }
      if (delivery.dueAt > clock.now() || frozen.has(lane.igId)) {
        await sleepUntil(frozen.has(lane.igId) ? clock.now() + 1000 : delivery.dueAt)
        continue
      }
      inFlight.set(delivery.id, lane.igId)
      open.delete(delivery.id)
      // What Meta announces has happened: it must not be forgotten if this process dies now.
      await (committed.get(delivery.id) ?? Promise.resolve(true))
        .then((isSafe) => (isSafe ? undefined : store.settled()))
        .then(() => deliver(account, lane, delivery))
        .catch((error) => log.warn('sandbox.delivery', { reason: reasonOf(error) }))
      inFlight.delete(delivery.id)
      committed.delete(delivery.id)
    }
    lane.isRunning = false
    if (lane.queue.length === 0 && lanes.get(key) === lane) lanes.delete(key)
  }

  function place(account: Account, delivery: Delivery): void {
    const key = laneOf(account, delivery)
    let lane = lanes.get(key)
    if (!lane) {
      lane = { igId: account.igId, queue: [], isRunning: false }
      lanes.set(key, lane)
    }
    lane.queue.push(delivery)
    if (lane.isRunning || isStopping) return
    lane.isRunning = true
    const done: Promise<void> = run(key, lane).finally(() => running.delete(done))
    running.add(done)
  }

  /** Company for an element that still waits, when the account batches. */
  function join(account: Account, igsid: string, element: object): Delivery | null {
    const last = account.knobs.batch > 1 ? lanes.get(laneKey(account, igsid))?.queue.at(-1) : undefined
    if (!last || !open.has(last.id) || last.elements.length >= account.knobs.batch) return null
    if (account.knobs.shuffle) last.elements.splice(Math.floor(rollOf(account) * (last.elements.length + 1)), 0, element)
    else last.elements.push(element)
    if (last.elements.length === account.knobs.batch) {
      last.dueAt = Math.min(last.dueAt, clock.now() + account.knobs.delayMs)
      wakeAll()
    }
    return last
  }

  const pending = (igId?: string) =>
    [...lanes.values()]
      .filter((lane) => igId === undefined || lane.igId === igId)
      .flatMap((lane) => lane.queue)
      .sort((a, b) => a.id - b.id)

  async function rearrange(account: Account): Promise<void> {
    frozen.add(account.igId)
    while ([...inFlight.values()].includes(account.igId) && !isStopping) await sleepUntil(clock.now() + 10)
    const waiting = pending(account.igId)
    for (const [key, lane] of lanes) if (lane.igId === account.igId) lanes.delete(key)
    frozen.delete(account.igId)
    for (const delivery of waiting) place(account, delivery)
    wakeAll()
  }

  for (const delivery of (await store.sql`select body from delivery where pending order by id`).map(
    (row) => row.body as Delivery,
  )) {
    const account = world.accounts.get(delivery.igId)
    if (account) place(account, delivery)
  }

  return {
    enqueue(account, igsid, element, how = {}) {
      if (!account.callbackUrl || !account.isInstalled) return null
      const { knobs } = account
      const isDropped = knobs.dropPercent > 0 && rollOf(account) * 100 < knobs.dropPercent
      const isLate = how.lateMs !== undefined
      const joined = isDropped || isLate ? null : join(account, igsid, element)
      const now = clock.now()
      const delivery: Delivery = joined ?? {
        id: store.nextNumber('delivery'),
        igId: account.igId,
        igsid,
        elements: [element],
        batchAs: knobs.batchAs,
        createdAt: now,
        dueAt: now + (how.lateMs ?? knobs.delayMs) + (knobs.batch > 1 && !isLate ? knobs.batchWaitMs : 0),
        isLoose: isLate,
        state: isDropped ? 'dropped' : 'pending',
        attempts: [],
      }
      store.put('delivery', delivery.id, delivery)
      if (isDropped) return null
      committed.set(
        delivery.id,
        store.settled().then(
          () => true,
          () => false,
        ),
      )
      const tried = new Promise<void>((resolve) => {
        const before = firstTry.get(delivery.id)
        firstTry.set(delivery.id, () => {
          before?.()
          resolve()
        })
      })
      if (!joined) {
        if (!isLate) open.add(delivery.id)
        place(account, delivery)
      }
      return { tried }
    },
    pending(igId) {
      let count = 0
      for (const lane of lanes.values()) if (igId === undefined || lane.igId === igId) count += lane.queue.length
      return count
    },
    kick(igId) {
      for (const delivery of pending(igId)) delivery.dueAt = Math.min(delivery.dueAt, clock.now())
      wakeAll()
    },
    rearrange,
    shift(ms) {
      for (const delivery of pending()) {
        delivery.dueAt -= ms
        store.put('delivery', delivery.id, delivery)
      }
      wakeAll()
    },
    forget() {
      // What is under way finds its delivery closed and leaves no trace in the emptied tables.
      for (const delivery of pending()) delivery.state = 'given-up'
      lanes.clear()
      firstTry.clear()
      open.clear()
      committed.clear()
      abort.abort()
      abort = new AbortController()
      wakeAll()
    },
    async stop() {
      isStopping = true
      abort.abort()
      wakeAll()
      for (const slot of slots.values()) for (const go of slot.queue) go()
      await Promise.all([...running])
    },
  }
}
