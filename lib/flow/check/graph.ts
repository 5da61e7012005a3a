import type { Passage } from '../define-node'
import type { FlowDocument, FlowNode } from '../flow'
import { type FlowIndex, indexOf } from '../flow-index'
import { type AnyKind, findKind } from '../nodes/registry'
import type { Settings } from '../settings'

export interface Wire {
  port: string
  target: string
  passage: Passage
}

/** The drawing as the checker walks it: wires that a step would follow, with what passes on the way. */
export interface Graph {
  document: FlowDocument
  index: FlowIndex
  settings: Settings
  wires: ReadonlyMap<string, readonly Wire[]>
}

export const kindOf = (node: FlowNode): AnyKind => findKind(node.kind) as AnyKind

export function graphOf(document: FlowDocument, settings: Settings): Graph {
  const index = indexOf(document)
  const wires = new Map<string, Wire[]>()
  for (const node of index.nodes.values()) {
    const targets = index.targets.get(node.id)
    const kind = kindOf(node)
    const isConnected = (port: string) => targets?.has(port) ?? false
    const own: Wire[] = []
    for (const { id: port } of kind.ports(node.data)) {
      const target = targets?.get(port)
      if (target === undefined || !index.nodes.has(target)) continue
      own.push({ port, target, passage: kind.passage?.(node.data, port, { settings, isConnected }) ?? { type: 'at-once' } })
    }
    wires.set(node.id, own)
  }
  return { document, index, settings, wires }
}

/** Nodes that a run can come to from these, themselves included. */
export function reachableFrom(graph: Graph, starts: Iterable<string>): Set<string> {
  const reached = new Set(starts)
  for (const node of reached) {
    for (const { target, passage } of graph.wires.get(node) ?? []) if (passage.type !== 'never') reached.add(target)
  }
  return reached
}
