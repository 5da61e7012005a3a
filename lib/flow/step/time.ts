import type { EventOf } from '../event'
import { endRun, endStuck } from './run'
import { dropTimer, type Rule, type Turn, timerIdOf } from './turn'
import { resume } from './walk'

/** Timers of runs: heard, kept while a person holds the conversation, or stale. */

/** True when this firing is of the timer as it was last set; it is then no longer pending. */
export function takeFiring(turn: Turn, { timerId, generation }: EventOf<'timer'>): boolean {
  const { timers } = turn.state
  return Object.hasOwn(timers, timerId) && timers[timerId]?.generation === generation && dropTimer(turn, timerId)
}

export function hearRunTimer(turn: Turn, timerId: string): Rule {
  const { state } = turn
  const { run, hold } = state
  const name = run?.waiting.timers.find((candidate) => timerIdOf(run, candidate) === timerId)
  if (run === null || name === undefined) return 'stale'
  // In the queue only the hand-off's own clock goes on: nobody has come yet.
  if (hold.by === 'bot' || (hold.by === 'queue' && run.waiting.for === 'person')) {
    wake(turn, name)
    return 'timer'
  }
  state.kept = [...state.kept.filter((id) => id !== timerId), timerId]
  return 'kept'
}

/** The timers that fell due while a person held the conversation, in the order they did. */
export function resumeKept(turn: Turn): void {
  const { kept } = turn.state
  turn.state.kept = []
  for (const timerId of kept) {
    const { run, hold } = turn.state
    const name = run?.waiting.timers.find((candidate) => timerIdOf(run, candidate) === timerId)
    if (name !== undefined && hold.by === 'bot') wake(turn, name)
  }
}

function wake(turn: Turn, name: string): void {
  if (turn.state.optedOut) endRun(turn, 'run-ended')
  else if (!resume(turn, { type: 'timer', name })) endStuck(turn, 'the node it was at does not know its timer')
}
