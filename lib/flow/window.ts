import { limits } from './limits'

/** Left before the edge on purpose: clocks differ, and a message refused at the door is worse than one refused here. */
export const WINDOW_MARGIN_MS = 60_000

export type WindowState =
  | { state: 'open'; until: number; why: 'person-wrote' }
  /** Only a person may write, tagged HUMAN_AGENT, and nothing promotional. */
  | { state: 'human-only'; until: number; why: 'over-24-hours' }
  | { state: 'closed'; until: null; why: 'never-wrote' | 'over-7-days' }

/**
 * May we write, as whom, until when, and why: the only place that knows. All times in milliseconds since 1970.
 * `lastPersonAt` is the person's last message, tap or postback by Meta's time; seen, reactions and our own words do not count.
 */
export function windowAt(lastPersonAt: number | null, now: number): WindowState {
  if (lastPersonAt === null) return { state: 'closed', until: null, why: 'never-wrote' }
  const open = lastPersonAt + limits.window.max - WINDOW_MARGIN_MS
  if (now < open) return { state: 'open', until: open, why: 'person-wrote' }
  const human = lastPersonAt + limits.humanWindow.max - WINDOW_MARGIN_MS
  if (now < human) return { state: 'human-only', until: human, why: 'over-24-hours' }
  return { state: 'closed', until: null, why: 'over-7-days' }
}

/** How a message of this author would go out now, or null when it may not. */
export function permitFor(window: WindowState, isHuman: boolean): 'response' | 'human-agent' | null {
  if (window.state === 'open') return 'response'
  return window.state === 'human-only' && isHuman ? 'human-agent' : null
}
