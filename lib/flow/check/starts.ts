import { TRIGGER_ORDER, type TriggerRule } from '../define-node'
import type { FlowNode } from '../flow'
import { type FlowIndex, indexOf } from '../flow-index'
import { type CheckContext, type Finding, finding } from './finding'
import { type Graph, kindOf } from './graph'

interface Trigger {
  node: FlowNode
  /** The flow it is in; null: the one being checked. */
  flow: string | null
  rule: TriggerRule<unknown>
  rank: number
  isAlways: boolean
}

const triggersOf = (index: FlowIndex, flow: string | null): Trigger[] =>
  index.triggers.flatMap((node) => {
    const rule = kindOf(node).trigger
    if (rule === undefined) return []
    return [{ node, flow, rule, rank: TRIGGER_ORDER.indexOf(rule.rank(node.data)), isAlways: rule.isAlways(node.data) }]
  })

/** Whether the flow can start, and which of its triggers never will because another one always comes first. */
export function checkStarts({ index }: Graph, context: CheckContext): Finding[] {
  if (index.triggers.length === 0) {
    return [finding('error', 'no-trigger', 'Nothing starts this flow. Add a trigger, such as a keyword.')]
  }
  const before = (context.before ?? []).flatMap(({ name, document }) => triggersOf(indexOf(document), name))
  const all = [...before, ...triggersOf(index, null)]
  // Only a trigger that starts every time can leave nothing to another.
  const greedy = all.flatMap((trigger, at) => (trigger.rule.reentry(trigger.node.data) === 'restart' ? [{ trigger, at }] : []))
  return all.flatMap((trigger, position): Finding[] => {
    if (trigger.flow !== null) return []
    const winner = greedy.find(({ trigger: other, at }) => at !== position && winsAlways(other, trigger, at < position))?.trigger
    if (winner === undefined) return []
    const where = winner.flow === null ? 'Another trigger of this flow' : `A trigger of the flow "${winner.flow}"`
    return [
      finding('warning', 'trigger-never-fires', `${where} takes everything that could start this one.`, {
        node: trigger.node.id,
      }),
    ]
  })
}

/** Whether `first` hears everything before `second` does. */
function winsAlways(first: Trigger, second: Trigger, isEarlier: boolean): boolean {
  if (first.node.kind !== second.node.kind) return false
  const isSamePass = first.isAlways === second.isAlways
  const comesFirst = isSamePass ? first.rank < second.rank || (first.rank === second.rank && isEarlier) : first.isAlways
  return comesFirst && first.rule.covers(first.node.data, second.node.data)
}
