import { GRAPH_TIMEOUT_MS } from '@/lib/instagram/graph-client'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** The engine's own time limits, in milliseconds. Tests shorten all of them by one factor, ENGINE_TIME_SCALE. */
export interface Timing {
  /** A call to Instagram is given up after this; what became of it is then unknown. */
  callMs: number
  /** After this, whoever claimed a send is taken for dead. Longer than a call. */
  leaseMs: number
  /** From the claim to the first look-up: no call is still on its way by then, not even one accepted late. */
  lookUpAfterMs: number
  lookUpAgainMs: number
  /** An unknown send holds its lane at most this long; then a person decides. */
  giveUpMs: number
}

export function engineTiming(scale: number): Timing {
  return {
    callMs: GRAPH_TIMEOUT_MS * scale,
    leaseMs: 30 * SECOND_MS * scale,
    lookUpAfterMs: MINUTE_MS * scale,
    lookUpAgainMs: 20 * SECOND_MS * scale,
    giveUpMs: 15 * MINUTE_MS * scale,
  }
}
