import { type PersonEvent, TRIGGER_ORDER } from './define-node'
import type { FlowNode } from './flow'
import { indexOf } from './flow-index'
import { findKind } from './nodes/registry'
import { type Program, versionKey } from './program'
import type { LaneState } from './state'

/** A run that can begin: at `node`, a trigger, leaving by `port`. */
export interface Start {
  flow: string
  version: number
  node: string
  port: string
  isFallback: boolean
  /** Leaves a mark, so that it never starts for this person again. */
  mark: string | null
}

/** The mark of a trigger that has had its turn. */
export const markOf = (flow: string, node: string): string => `${flow}/${node}`

/**
 * The trigger that this event starts, if any: the most specific by the published order, then the first deployed, then the
 * first in its document. `scope` always: only those that win over a waiting run.
 */
export function findStart(program: Program, state: LaneState, event: PersonEvent, scope: 'always' | 'any'): Start | null {
  let best: { start: Start; rank: number } | null = null
  for (const { flow, version } of program.deployments) {
    const document = program.flows[versionKey(flow, version)]
    if (document === undefined) continue
    for (const node of indexOf(document).triggers) {
      const fired = fire(state, flow, node, event, scope)
      if (fired === null || (best !== null && best.rank <= fired.rank)) continue
      const { port, rank, isOnce } = fired
      const isFallback = TRIGGER_ORDER[rank] === 'fallback'
      best = { rank, start: { flow, version, node: node.id, port, isFallback, mark: isOnce ? markOf(flow, node.id) : null } }
    }
  }
  return best?.start ?? null
}

function fire(state: LaneState, flow: string, node: FlowNode, event: PersonEvent, scope: 'always' | 'any') {
  const trigger = findKind(node.kind)?.trigger
  if (trigger === undefined || (scope === 'always' && !trigger.isAlways(node.data))) return null
  const port = trigger.match(node.data, event)
  if (port === null) return null
  const reentry = trigger.reentry(node.data)
  if (reentry === 'once' && state.marks.includes(markOf(flow, node.id))) return null
  // As if it had not matched: whatever comes next in the order hears the event, the live run included.
  if (reentry === 'continue' && state.run?.flow === flow) return null
  return { port, rank: TRIGGER_ORDER.indexOf(trigger.rank(node.data)), isOnce: reentry === 'once' }
}
