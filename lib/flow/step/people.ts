import type { Actor, EventOf } from '../event'
import { resumeKept } from './time'
import { cancelRunTimers, cancelSends, cancelTimer, noteWord, record, send, setTimer, type Turn } from './turn'
import { resume } from './walk'

/** What people do on the account's side: agents in Parley, and whoever types in the Instagram app. */

/** The timer of a conversation held from the Instagram app; it belongs to the lane, not to a run. */
export const APP_HOLD = 'app-hold'

const isSame = (a: Actor | null, b: Actor | null): boolean => a?.type === b?.type && a?.id === b?.id

/** `agent` null: somebody typing in the Instagram app. The run stays where it waits, for hand-back. */
function hold(turn: Turn, agent: Actor | null): void {
  const { state, event } = turn
  const { hold: before, run } = state
  cancelTimer(turn, APP_HOLD)
  state.hold = { by: 'agent', since: event.at, agent }
  // Somebody came: the hand-off's clock has done its work.
  if (run?.waiting.for === 'person') cancelRunTimers(turn)
  record(turn, agent === null ? 'app-took-over' : 'took-over', { by: agent })
  if (before.by !== 'agent') cancelSends(turn, null, 'taken-over')
}

export function takeOver(turn: Turn, by: Actor): void {
  const { hold: current } = turn.state
  if (current.by === 'agent' && isSame(current.agent, by)) return
  hold(turn, by)
}

/** Whoever answers holds the conversation, unless another agent already does. Opting out binds the bot, not people. */
export function reply(turn: Turn, { by, clientId, message }: EventOf<'reply'>): void {
  const { hold: current } = turn.state
  if (current.by !== 'agent' || current.agent === null) takeOver(turn, by)
  turn.state.unanswered = false
  send(turn, message, { type: 'agent', by, clientId })
}

/** Somebody typed in the Instagram app. Each word of theirs sets the clock of their hold anew. */
export function hearApp(turn: Turn): void {
  const { state, program } = turn
  noteWord(turn)
  state.unanswered = false
  if (state.hold.by === 'agent' && state.hold.agent !== null) return
  if (state.hold.by !== 'agent') hold(turn, null)
  const { appHoldMs } = program.settings
  if (appHoldMs === null) cancelTimer(turn, APP_HOLD)
  else setTimer(turn, APP_HOLD, appHoldMs)
}

/** `by` null: the app's hold ran out. The run goes on from its hand-off, or with the waits that fell due meanwhile. */
export function handBack(turn: Turn, by: Actor | null): void {
  const { state } = turn
  if (state.hold.by === 'bot') return
  cancelTimer(turn, APP_HOLD)
  state.hold = { by: 'bot' }
  state.disclosureDue = true
  state.hops = 0
  record(turn, 'handed-back', { by })
  if (state.run?.waiting.for === 'person') resume(turn, { type: 'handed-back' })
  resumeKept(turn)
}
