import type { FlowDocument } from '../flow'
import { type Finding, finding } from './finding'
import { type Graph, kindOf } from './graph'

/** Ids and wires: what a step would not find, or not take. */
export function checkWiring(graph: Graph): Finding[] {
  return [...checkIds(graph.document), ...checkEdges(graph), ...checkPorts(graph)]
}

function checkIds({ nodes, edges, variables }: FlowDocument): Finding[] {
  const findings: Finding[] = []
  const twice = <T>(things: readonly T[], keyOf: (thing: T) => string, report: (key: string) => Finding) => {
    const seen = new Set<string>()
    for (const key of things.map(keyOf)) {
      if (seen.has(key)) findings.push(report(key))
      seen.add(key)
    }
  }
  twice(
    nodes,
    ({ id }) => id,
    (id) => finding('error', 'duplicate-id', `Two nodes have the id "${id}".`, { node: id }),
  )
  twice(
    edges,
    ({ id }) => id,
    (id) => finding('error', 'duplicate-id', `Two edges have the id "${id}".`),
  )
  twice(
    variables,
    ({ name }) => name,
    (name) => finding('error', 'duplicate-variable', `Two variables are called "${name}".`),
  )
  return findings
}

function checkEdges({ document, index }: Graph): Finding[] {
  const findings: Finding[] = []
  const taken = new Set<string>()
  const shown = new Map<string, ReadonlySet<string>>()
  for (const node of index.nodes.values())
    shown.set(
      node.id,
      new Set(
        kindOf(node)
          .ports(node.data)
          .map(({ id }) => id),
      ),
    )
  for (const { id, source, port, target } of document.edges) {
    const fix = { title: 'Remove the edge', op: 'remove-edge', edge: id } as const
    const place = { node: source, port, fix }
    const key = JSON.stringify([source, port])
    if (!shown.has(source)) {
      findings.push(
        finding('error', 'missing-source', `An edge leaves from the node "${source}", which is gone.`, { ...place, node: null }),
      )
    } else if (!shown.get(source)?.has(port)) {
      findings.push(
        finding('error', 'missing-port', `An edge leaves by the port "${port}", which this node does not have.`, place),
      )
    } else if (taken.has(key)) {
      findings.push(finding('error', 'two-edges', 'Two edges leave by this port; only one can be followed.', place))
    }
    taken.add(key)
    const end = index.nodes.get(target)
    if (end === undefined) {
      findings.push(finding('error', 'missing-target', `An edge leads to the node "${target}", which is gone.`, place))
    } else if (kindOf(end).trigger !== undefined) {
      findings.push(
        finding('error', 'edge-into-trigger', 'Nothing can lead to a trigger: it starts runs.', {
          ...place,
          node: target,
          port: null,
        }),
      )
    }
  }
  return findings
}

function checkPorts({ index, settings }: Graph): Finding[] {
  const findings: Finding[] = []
  for (const node of index.nodes.values()) {
    const kind = kindOf(node)
    const targets = index.targets.get(node.id)
    const isConnected = (port: string) => targets?.has(port) ?? false
    for (const { id: port, label, isOptional } of kind.ports(node.data)) {
      const place = { node: node.id, port }
      if (!isConnected(port)) {
        if (isOptional) continue
        const isDeadEnd = kind.trigger !== undefined || port === 'next'
        const message = isDeadEnd
          ? 'Nothing follows: the run ends here.'
          : `"${label}" leads nowhere: the run ends there without a word.`
        findings.push(finding('warning', isDeadEnd ? 'dead-end' : 'unconnected-port', message, place))
      } else if (kind.passage?.(node.data, port, { settings, isConnected })?.type === 'never') {
        findings.push(
          finding('warning', 'port-never-taken', `The way by "${label}" is never taken, as this node is set up.`, place),
        )
      }
    }
  }
  return findings
}
