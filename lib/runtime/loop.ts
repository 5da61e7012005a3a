import { setTimeout as sleep } from 'node:timers/promises'
import { log, reasonOf } from '@/lib/log'

const SHORTEST_MS = 20
const LONGEST_MS = 500

export interface Loop {
  /** Looks for work now, if it was about to wait. */
  wake: () => void
  /** Resolves when the round under way is over; no other begins. */
  stop: () => Promise<void>
}

/**
 * Calls `round` for ever. It says how much it did: after work it is called again at once, after none in 20 ms, growing to
 * 500 ms. A round that throws (the database is away) is logged and tried again after the longest pause.
 */
export function startLoop(name: string, round: () => Promise<number>): Loop {
  let isStopping = false
  let isWoken = false
  let alarm = new AbortController()

  async function pause(ms: number): Promise<void> {
    if (isWoken || isStopping) return
    try {
      await sleep(ms, undefined, { signal: alarm.signal })
    } catch {
      alarm = new AbortController()
    }
  }

  async function run(): Promise<void> {
    let idleMs = SHORTEST_MS
    while (!isStopping) {
      isWoken = false
      try {
        const done = await round()
        idleMs = done > 0 ? SHORTEST_MS : Math.min(idleMs * 1.5, LONGEST_MS)
        if (done === 0) await pause(idleMs)
      } catch (error) {
        log.error('loop-failed', { loop: name, reason: reasonOf(error) })
        await pause(LONGEST_MS)
      }
      if (isWoken) idleMs = SHORTEST_MS
    }
  }

  const finished = run()
  return {
    wake: () => {
      isWoken = true
      alarm.abort()
    },
    stop: async () => {
      isStopping = true
      alarm.abort()
      await finished
    },
  }
}
