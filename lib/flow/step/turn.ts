import type { Author, Effect, RecordCode } from '../effect'
import type { Actor, LaneEvent } from '../event'
import type { OutgoingMessage } from '../message'
import type { Program } from '../program'
import type { LaneState, RunState } from '../state'

/** Which rule of execution took an event; `none`: it is kept for the thread and reaches no run. */
export type Rule =
  | 'stop-word'
  | 'start-word'
  | 'held'
  | 'tap'
  | 'always'
  | 'answer'
  | 'trigger'
  | 'fallback'
  | 'unanswered'
  | 'timer'
  | 'kept'
  | 'stale'
  | 'people'
  | 'engine'
  | 'none'

/** What a step did and why, for the preview, replays and tests. Plain JSON; nothing acts on it. */
export type TraceLine =
  | { type: 'rule'; rule: Rule }
  | { type: 'start'; run: string; flow: string; version: number; node: string }
  | { type: 'enter'; run: string; flow: string; version: number; node: string; kind: string }
  | { type: 'leave'; run: string; flow: string; version: number; node: string; kind: string; port: string; target: string | null }
  | { type: 'wait'; run: string; node: string; for: RunState['waiting']['for'] }
  | { type: 'skip'; run: string; node: string; why: 'empty-text' | 'empty-title' | 'empty-url' | 'silenced' }
  | { type: 'end'; run: string; why: string }
export type Trace = TraceLine[]

/** One event being applied. `state` is this turn's own copy: its members are replaced, never changed in place. */
export interface Turn {
  readonly program: Program
  readonly event: LaneEvent
  readonly state: LaneState
  readonly effects: Effect[]
  readonly trace: Trace
}

const DAY_MS = 86_400_000

const problems: ReadonlySet<RecordCode> = new Set(['run-stuck', 'run-failed', 'send-failed', 'title-too-long', 'dead-letter'])

interface RecordFields {
  by?: Actor | null
  flow?: string | null
  node?: string | null
  detail?: string | null
}

export function record(
  turn: Turn,
  code: RecordCode,
  { by = null, flow = null, node = null, detail = null }: RecordFields = {},
): void {
  turn.effects.push({ type: 'record', code, severity: problems.has(code) ? 'problem' : 'info', by, flow, node, detail })
}

export const cancelSends = (turn: Turn, run: string | null, reason: string): void => {
  turn.effects.push({ type: 'cancel-sends', run, reason })
}

/** Somebody says something now. A day of silence before it makes the bot introduce itself again. */
export function noteWord(turn: Turn): void {
  const { state, event } = turn
  if (state.lastWordAt !== null && event.at - state.lastWordAt >= DAY_MS) state.disclosureDue = true
  state.lastWordAt = Math.max(state.lastWordAt ?? event.at, event.at)
}

export function send(turn: Turn, message: OutgoingMessage, author: Author): void {
  noteWord(turn)
  turn.effects.push({ type: 'send', message, author })
}

/** Overwrites a pending timer of the same id. */
export function setTimer(turn: Turn, timerId: string, afterMs: number): void {
  const { state, event } = turn
  const fireAt = Math.min(event.at + afterMs, Number.MAX_SAFE_INTEGER)
  state.generation += 1
  state.timers = { ...state.timers, [timerId]: { generation: state.generation, fireAt } }
  turn.effects.push({ type: 'set-timer', timerId, generation: state.generation, fireAt })
}

/** Takes a timer out of the state; its row is the engine's: gone when it fired, cancelled by an effect otherwise. */
export function dropTimer(turn: Turn, timerId: string): boolean {
  if (!Object.hasOwn(turn.state.timers, timerId)) return false
  const { [timerId]: _, ...rest } = turn.state.timers
  turn.state.timers = rest
  return true
}

export function cancelTimer(turn: Turn, timerId: string): void {
  if (dropTimer(turn, timerId)) turn.effects.push({ type: 'cancel-timer', timerId })
}

export const timerIdOf = (run: RunState, name: string): string => `${run.id}/${name}`

/** Nothing that the run set a clock for will wake it any more, timers kept for hand-back included. */
export function cancelRunTimers(turn: Turn): void {
  const { run } = turn.state
  if (run === null) return
  const ids = run.waiting.timers.map((name) => timerIdOf(run, name))
  for (const id of ids) cancelTimer(turn, id)
  turn.state.kept = turn.state.kept.filter((id) => !ids.includes(id))
  turn.state.run = { ...run, waiting: { ...run.waiting, timers: [] } }
}

/** Puts the person in the queue for want of anything better; somebody who already cares for them is not disturbed. */
export function askForPeople(turn: Turn, summary: string): void {
  if (turn.state.hold.by !== 'bot') return
  turn.state.hold = { by: 'queue', since: turn.event.at, team: null, priority: 'normal', summary }
}
