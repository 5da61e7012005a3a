import type { Act, Cause, Outcome, Visit } from '../define-node'
import { render, scopeOf } from '../render'
import type { Choice, RunState } from '../state'
import { at, endFailed, endRun, endStuck, nodeOf, type Spot, spotOf } from './run'
import { type Said, say, show } from './say'
import { cancelRunTimers, record, setTimer, type Turn, timerIdOf } from './turn'

/** The way of a run through its nodes. */

/** Nodes a run may enter before a person or a timer moves it again. */
export const MAX_HOPS = 200

const visitOf = (turn: Turn, spot: Spot, choices: readonly Choice[]): Visit => ({
  at: turn.event.at,
  settings: turn.program.settings,
  isConnected: (port) => spot.index.targets.get(spot.node.id)?.has(port) ?? false,
  choices,
})

/** Leaves `node` of the live run's own version by `port`, wherever the run is now. */
export function leaveBy(turn: Turn, node: string, port: string): void {
  const { run } = turn.state
  if (run === null) return
  moveTo(turn, run, node)
  carryOn(turn, { acts: [], then: { go: port } })
}

/**
 * Wakes the live run where it waits. False when its node has no use for the cause. A run that may not speak is not woken:
 * callers keep the cause, or have ended the run.
 */
export function resume(turn: Turn, cause: Cause): boolean {
  const { run } = turn.state
  if (run === null) return false
  const spot = spotOf(turn, run)
  if (spot === null) {
    endStuck(turn, 'the node it waited at is gone')
    return true
  }
  const outcome = spot.kind.resume?.(spot.node.data, visitOf(turn, spot, run.waiting.choices), cause) ?? null
  if (outcome === null) return false
  carryOn(turn, outcome)
  return true
}

function carryOn(turn: Turn, first: Outcome): void {
  for (let outcome: Outcome | null = first; outcome !== null; ) outcome = settle(turn, outcome)
}

/** Does what a node asked for. Returns what the next node asks for; null when the run waits or has ended. */
function settle(turn: Turn, { acts, then }: Outcome): Outcome | null {
  const { run } = turn.state
  const spot = run && spotOf(turn, run)
  if (run === null) return null
  if (spot === null) {
    endStuck(turn, 'the node it was at is gone')
    return null
  }
  const choices: Choice[] = []
  for (const act of acts) {
    const done = perform(turn, run, act)
    if (!done.ok) {
      endFailed(turn, done.reason)
      return null
    }
    choices.push(...done.choices)
  }
  if ('go' in then) return follow(turn, run, spot, then.go)
  if ('wait' in then) return waitFor(turn, run, spot, then, choices)
  if ('fail' in then) endFailed(turn, then.fail)
  else endRun(turn, 'run-timed-out')
  return null
}

function follow(turn: Turn, run: RunState, spot: Spot, port: string): Outcome | null {
  const { node, kind, index } = spot
  const target = index.targets.get(node.id)?.get(port) ?? null
  const place = { run: run.id, flow: run.flow, version: run.version }
  turn.trace.push({ type: 'leave', ...place, node: node.id, kind: kind.kind, port, target })
  if (target === null) {
    endRun(turn, 'run-ended')
    return null
  }
  if (turn.state.hops >= MAX_HOPS) {
    endStuck(turn, `it went through ${MAX_HOPS} nodes without waiting for anybody`)
    return null
  }
  turn.state.hops += 1
  const next = moveTo(turn, run, target)
  const there = spotOf(turn, next)
  if (there === null) {
    endStuck(turn, `the node "${target}" that it was to go on to is gone`)
    return null
  }
  turn.trace.push({ type: 'enter', ...place, node: target, kind: there.kind.kind })
  return there.kind.enter(there.node.data, visitOf(turn, there, []))
}

function waitFor(
  turn: Turn,
  run: RunState,
  spot: Spot,
  then: Extract<Outcome['then'], { wait: string }>,
  choices: Choice[],
): null {
  for (const { name, afterMs } of then.timers) setTimer(turn, timerIdOf(run, name), afterMs)
  turn.state.run = { ...run, waiting: { for: then.wait, choices, timers: then.timers.map(({ name }) => name) } }
  turn.trace.push({ type: 'wait', run: run.id, node: spot.node.id, for: then.wait })
  return null
}

function moveTo(turn: Turn, run: RunState, node: string): RunState {
  const moved = at(run, node)
  cancelRunTimers(turn)
  turn.state.run = moved
  return moved
}

const done: Said = { ok: true, choices: [] }

function perform(turn: Turn, run: RunState, act: Act): Said {
  const { state, event } = turn
  switch (act.type) {
    case 'say':
      return say(turn, run, act)
    case 'show':
      return show(turn, run, act)
    case 'set-attributes':
      state.contact = { ...state.contact, attributes: { ...state.contact.attributes, ...act.attributes } }
      return done
    case 'queue': {
      const summary = render(act.summary ?? '', scopeOf(state.contact, run.vars))
      if (!summary.ok) return summary
      const words = summary.text.trim() === '' ? null : summary.text
      state.hold = { by: 'queue', since: event.at, team: act.team, priority: act.priority, summary: words }
      record(turn, 'queued', { flow: run.flow, node: nodeOf(run), detail: words })
      return done
    }
    case 'leave-queue':
      state.hold = { by: 'bot' }
      record(turn, 'nobody-came', { flow: run.flow, node: nodeOf(run) })
      return done
  }
}
