import type { EventOf } from '../event'
import { hasPort, indexOf } from '../flow-index'
import { findKind } from '../nodes/registry'
import type { RunState } from '../state'
import { beginRun, defaultsOf, documentOf, endRun } from './run'
import { askForPeople, record, type Turn } from './turn'
import { leaveBy } from './walk'

/** What the engine reports and what publishing asks for. */

/** A send ended `failed`. Only the run it belongs to can do something about it, where its node's error port is connected. */
export function hearSendFailed(turn: Turn, { run: id, node, reason }: EventOf<'send-failed'>): void {
  const { state } = turn
  if (id === null) {
    record(turn, 'send-failed', { node, detail: reason })
    return
  }
  const { run, lastRun } = state
  if (run?.id === id) {
    if (node !== null && canLeaveByError(turn, run, node)) leaveBy(turn, node, 'error')
    else endRun(turn, 'run-failed', reason, node)
    return
  }
  if (run === null && lastRun?.id === id && node !== null && canLeaveByError(turn, lastRun, node)) {
    // It had come to its end before its words came back: the error port is where it goes on.
    state.lastRun = null
    state.run = {
      ...lastRun,
      trigger: null,
      frames: [{ ...lastRun, node }].map(frameOf),
      waiting: { for: 'answer', choices: [], timers: [] },
    }
    leaveBy(turn, node, 'error')
    return
  }
  record(turn, 'run-failed', { flow: lastRun?.id === id ? lastRun.flow : null, node, detail: reason })
}

const frameOf = ({ flow, version, node }: { flow: string; version: number; node: string }) => ({ flow, version, node })

function canLeaveByError(turn: Turn, { flow, version }: Pick<RunState, 'flow' | 'version'>, nodeId: string): boolean {
  if (turn.state.hold.by !== 'bot' || turn.state.optedOut) return false
  const document = documentOf(turn, flow, version)
  const index = document && indexOf(document)
  const node = index?.nodes.get(nodeId)
  return node !== undefined && hasPort(node, 'error') && (index?.targets.get(nodeId)?.has('error') ?? false)
}

/**
 * A new version was published. `finish`: runs keep theirs. `move`: a run whose node still exists goes on in the new one.
 * `restart`: it begins anew where it began. People who are with a person are left as they are by a restart.
 */
export function hearPublish(turn: Turn, { flow, version, policy }: EventOf<'publish'>): void {
  const { state } = turn
  const { run } = state
  const document = documentOf(turn, flow, version)
  if (policy === 'finish' || run === null || run.flow !== flow || run.version === version || document === undefined) return
  const { nodes } = indexOf(document)
  if (policy === 'move') {
    const before = documentOf(turn, run.flow, run.version)
    const isThere = run.frames.every((frame) => {
      const kind = nodes.get(frame.node)?.kind
      return (
        frame.flow !== flow ||
        (kind !== undefined && (before === undefined || kind === indexOf(before).nodes.get(frame.node)?.kind))
      )
    })
    if (!isThere) return
    const frames = run.frames.map((frame) => (frame.flow === flow ? { ...frame, version } : frame))
    state.run = { ...run, version, frames, vars: { ...defaultsOf(document), ...run.vars } }
    record(turn, 'run-moved', { flow, node: frames.at(-1)?.node ?? null, detail: `version ${run.version} to ${version}` })
    return
  }
  if (state.hold.by !== 'bot' || state.optedOut) return
  const trigger = run.trigger === null ? undefined : nodes.get(run.trigger)
  const kind = trigger && findKind(trigger.kind)
  const port = kind?.trigger === undefined ? undefined : kind.ports(trigger?.data)[0]?.id
  if (trigger === undefined || port === undefined) {
    endRun(turn, 'run-superseded')
    return
  }
  beginRun(turn, { flow, version, node: trigger.id, trigger: trigger.id, vars: defaultsOf(document) })
  leaveBy(turn, trigger.id, port)
}

/** An event could not be applied: nobody knows what the run should have done with it, so a person looks. */
export function hearDeadLetter(turn: Turn, { event }: EventOf<'dead-letter'>): void {
  const { run } = turn.state
  record(turn, 'dead-letter', { flow: run?.flow ?? null, node: run?.frames.at(-1)?.node ?? null, detail: `event ${event}` })
  endRun(turn, 'run-failed', 'an event could not be applied')
  askForPeople(turn, 'An event could not be applied.')
}
