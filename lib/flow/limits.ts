/**
 * Instagram's limits: the one table that the checker, the canvas, the sender and the tests read.
 * `unit` says how a value is measured; `source` is the page of Meta's documentation (developers.facebook.com).
 */
interface Limit {
  max: number
  unit: 'bytes' | 'characters' | 'count' | 'ms'
  source: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const limits = {
  /** One page says "less than 1000 characters", the newer one 1000 bytes of UTF-8; bytes are the stricter reading. */
  text: { max: 1000, unit: 'bytes', source: 'Instagram Platform, Messaging API' },
  chips: { max: 13, unit: 'count', source: 'Instagram Platform, Quick Replies' },
  /** Instagram's app cuts off the rest and says nothing. */
  chipTitle: { max: 20, unit: 'characters', source: 'Instagram Platform, Quick Replies' },
  /** Documented for Messenger only; no figure is published for Instagram. */
  payload: { max: 1000, unit: 'characters', source: 'Messenger Platform, Quick Replies' },
  url: { max: 2048, unit: 'characters', source: 'Messenger Platform, Buttons (2048-ish; not published for Instagram)' },
  /** From the person's last action; anybody may write. */
  window: { max: DAY_MS, unit: 'ms', source: 'Messenger Platform, Policy: standard messaging window' },
  /** From the person's last action; people only, with the HUMAN_AGENT tag. */
  humanWindow: { max: 7 * DAY_MS, unit: 'ms', source: 'Instagram Platform, Human Agent' },
} as const satisfies Record<string, Limit>
export type LimitName = keyof typeof limits

const encoder = new TextEncoder()

/** Bytes of UTF-8. A lone surrogate counts three, as it is sent as U+FFFD. */
export const byteLength = (text: string): number => encoder.encode(text).length

/** Characters as people count them is not what Meta publishes; this counts Unicode code points. */
export const characterLength = (text: string): number => [...text].length

/** How much of a text's limit is used, in the limit's own unit. */
export function measure(name: LimitName, text: string): number {
  return limits[name].unit === 'bytes' ? byteLength(text) : characterLength(text)
}

export const isOver = (name: LimitName, text: string): boolean => measure(name, text) > limits[name].max
