import type { Effect } from './effect'
import type { LaneEvent } from './event'
import type { Program } from './program'
import type { LaneState } from './state'
import { hearDeadLetter, hearPublish, hearSendFailed } from './step/engine'
import { APP_HOLD, handBack, hearApp, reply, takeOver } from './step/people'
import { hearPerson } from './step/person'
import { hearRunTimer, takeFiring } from './step/time'
import type { Rule, Trace, Turn } from './step/turn'

export interface Step {
  state: LaneState
  /** In the order they are to be carried out. */
  effects: Effect[]
  trace: Trace
}

/**
 * Advance one lane by one event. Pure and total: the same program, state and event give the same step, nothing is sent,
 * stored or timed here, no input is changed, and whatever parses is answered without an exception.
 */
export function step(program: Program, state: LaneState, event: LaneEvent): Step {
  const turn: Turn = { program, event, state: { ...state }, effects: [], trace: [] }
  const rule = hear(turn)
  if (rule !== null) turn.trace.push({ type: 'rule', rule })
  return { state: turn.state, effects: turn.effects, trace: turn.trace }
}

/** Null: the trace already says which rule it was. */
function hear(turn: Turn): Rule | null {
  const { event } = turn
  switch (event.type) {
    case 'message':
    case 'postback':
      hearPerson(turn, event)
      return null
    case 'timer':
      return hearTimer(turn, event)
    case 'take-over':
      takeOver(turn, event.by)
      return 'people'
    case 'hand-back':
      handBack(turn, event.by)
      return 'people'
    case 'reply':
      reply(turn, event)
      return 'people'
    case 'echo':
      // Our own echo only settles a send; that is between the engine and its outbox.
      if (!event.foreign) return 'none'
      hearApp(turn)
      return 'people'
    case 'publish':
      hearPublish(turn, event)
      return 'engine'
    case 'send-failed':
      hearSendFailed(turn, event)
      return 'engine'
    case 'profile':
      turn.state.contact = hearProfile(turn.state.contact, event.name, event.username)
      return 'engine'
    case 'dead-letter':
      hearDeadLetter(turn, event)
      return 'engine'
    case 'reaction':
    case 'seen':
    case 'unsent':
    case 'edited':
    case 'unknown':
      return 'none'
  }
}

function hearTimer(turn: Turn, event: Extract<LaneEvent, { type: 'timer' }>): Rule {
  if (!takeFiring(turn, event)) return 'stale'
  turn.state.hops = 0
  if (event.timerId !== APP_HOLD) return hearRunTimer(turn, event.timerId)
  const { hold } = turn.state
  if (hold.by !== 'agent' || hold.agent !== null) return 'stale'
  handBack(turn, null)
  return 'timer'
}

/** What Instagram does not tell this time stays as it was. */
const hearProfile = (contact: LaneState['contact'], name: string | null, username: string | null): LaneState['contact'] => ({
  ...contact,
  name: name ?? contact.name,
  username: username ?? contact.username,
})
