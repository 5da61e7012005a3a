import type { FlowDocument, FlowNode } from './flow'
import { findKind } from './nodes/registry'

/** A document as steps read it. Where an id or a wire stands twice, the first one counts. */
export interface FlowIndex {
  nodes: ReadonlyMap<string, FlowNode>
  /** By source, then by port: the node an edge leads to. */
  targets: ReadonlyMap<string, ReadonlyMap<string, string>>
  triggers: readonly FlowNode[]
}

const known = new WeakMap<FlowDocument, FlowIndex>()

/** Made once for each document object: documents are never mutated. */
export function indexOf(document: FlowDocument): FlowIndex {
  const made = known.get(document)
  if (made !== undefined) return made
  const nodes = new Map<string, FlowNode>()
  for (const node of document.nodes) if (!nodes.has(node.id)) nodes.set(node.id, node)
  const targets = new Map<string, Map<string, string>>()
  for (const { source, port, target } of document.edges) {
    const ports = targets.get(source) ?? new Map<string, string>()
    if (!ports.has(port)) ports.set(port, target)
    targets.set(source, ports)
  }
  const index = { nodes, targets, triggers: [...nodes.values()].filter((node) => findKind(node.kind)?.trigger !== undefined) }
  known.set(document, index)
  return index
}

/** Whether the node shows this port, connected or not. */
export const hasPort = (node: FlowNode, port: string): boolean =>
  findKind(node.kind)
    ?.ports(node.data)
    .some(({ id }) => id === port) ?? false
