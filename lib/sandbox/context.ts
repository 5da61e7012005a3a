import type { Clock } from './clock'
import type { Deliveries } from './deliveries'
import type { Store } from './store'
import type { World } from './world'

/** What every part of the sandbox works with. */
export interface Context {
  store: Store
  clock: Clock
  world: World
  deliveries: Deliveries
  /** Our own address, without a slash at the end. */
  url: string
  /** Resolves after `ms` of real time, at once when the sandbox stops. */
  pause(ms: number): Promise<void>
  rates: Map<string, Bucket>
  /** What new accounts sign and shake hands with, when the sandbox was given it. */
  app: { appSecret?: string; verifyToken?: string }
}

/** So many calls a second, one second's worth at once. Real time: a jump of the clock gives nothing back. */
export interface Bucket {
  tokens: number
  at: number
}

/** Takes one call out of the bucket. @returns false when it is empty. */
export function takeFrom(rates: Map<string, Bucket>, key: string, perSecond: number, now = Date.now()): boolean {
  const burst = Math.max(1, perSecond)
  const bucket = rates.get(key) ?? { tokens: burst, at: now }
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1000)
  bucket.at = now
  rates.set(key, bucket)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
