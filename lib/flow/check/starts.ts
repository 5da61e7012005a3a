import { TRIGGER_ORDER } from '../define-node'
import type { FlowNode } from '../flow'
import { indexOf } from '../flow-index'
import { type CheckContext, type Finding, finding } from './finding'
import { type Graph, kindOf } from './graph'

interface Trigger {
  node: FlowNode
  /** The flow it is in; null: the one being checked. */
  flow: string | null
}

/** Whether the flow can start, and which of its triggers never will because another one always comes first. */
export function checkStarts({ index }: Graph, context: CheckContext): Finding[] {
  if (index.triggers.length === 0) {
    return [finding('error', 'no-trigger', 'Nothing starts this flow. Add a trigger, such as a keyword.')]
  }
  const before: Trigger[] = (context.before ?? []).flatMap(({ name, document }) =>
    indexOf(document).triggers.map((node) => ({ node, flow: name })),
  )
  const all = [...before, ...index.triggers.map((node) => ({ node, flow: null }))]
  return all.flatMap((trigger, position): Finding[] => {
    if (trigger.flow !== null) return []
    const winner = all.find((other, at) => at !== position && winsAlways(other.node, trigger.node, at < position))
    if (winner === undefined) return []
    const where = winner.flow === null ? 'Another trigger of this flow' : `A trigger of the flow "${winner.flow}"`
    return [
      finding('warning', 'trigger-never-fires', `${where} takes everything that could start this one.`, {
        node: trigger.node.id,
      }),
    ]
  })
}

/** Whether `first` leaves nothing to `second`. Only a trigger that starts every time can. */
function winsAlways(first: FlowNode, second: FlowNode, isEarlier: boolean): boolean {
  const rule = kindOf(first).trigger
  if (rule === undefined || first.kind !== second.kind || rule.reentry(first.data) !== 'restart') return false
  const [a, b] = [rule.isAlways(first.data), rule.isAlways(second.data)]
  const [p, q] = [TRIGGER_ORDER.indexOf(rule.rank(first.data)), TRIGGER_ORDER.indexOf(rule.rank(second.data))]
  const comesFirst = a === b ? p < q || (p === q && isEarlier) : a
  return comesFirst && rule.covers(first.data, second.data)
}
