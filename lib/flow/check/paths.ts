import { limits } from '../limits'
import { WINDOW_MARGIN_MS } from '../window'
import { type Finding, finding } from './finding'
import { type Graph, kindOf, reachableFrom } from './graph'

/** What can be seen only by following the wires: dead corners, loops, the messaging window, the way to a person. */
export function checkPaths(graph: Graph): Finding[] {
  return [...checkReach(graph), ...checkLoops(graph), ...checkWindow(graph)]
}

function checkReach(graph: Graph): Finding[] {
  const { index } = graph
  const findings: Finding[] = []
  const reached = reachableFrom(
    graph,
    index.triggers.map(({ id }) => id),
  )
  for (const { id } of index.nodes.values()) {
    if (reached.has(id)) continue
    const fix = { title: 'Remove the node', op: 'remove-node', node: id } as const
    findings.push(finding('warning', 'unreachable', 'No trigger leads here.', { node: id, fix }))
  }
  const people = peopleReachable(graph)
  for (const { id } of index.triggers) {
    if (people.has(id)) continue
    const message = 'From here no way leads to a person. Instagram asks automated conversations to offer one.'
    findings.push(finding('warning', 'no-human-path', message, { node: id }))
  }
  return findings
}

/** Nodes from which a run can come to a kind that brings a person in: the wires walked backwards. */
function peopleReachable({ index, wires }: Graph): Set<string> {
  const sources = new Map<string, string[]>()
  for (const [source, own] of wires) {
    for (const { target, passage } of own) {
      if (passage.type === 'never') continue
      const known = sources.get(target)
      if (known === undefined) sources.set(target, [source])
      else known.push(source)
    }
  }
  const reached = new Set([...index.nodes.values()].filter((node) => kindOf(node).bringsPerson).map(({ id }) => id))
  for (const node of reached) for (const source of sources.get(node) ?? []) reached.add(source)
  return reached
}

/**
 * A loop in which nobody is waited for runs until it is stopped. A node is in one when it is in a strongly connected part of
 * the wires that are followed at once (Tarjan's algorithm, without recursion).
 */
function checkLoops({ index, wires }: Graph): Finding[] {
  const findings: Finding[] = []
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const next = (node: string) =>
    (wires.get(node) ?? []).filter(({ passage }) => passage.type === 'at-once').map(({ target }) => target)
  for (const root of index.nodes.keys()) {
    if (order.has(root)) continue
    const path: { node: string; targets: string[] }[] = []
    const visit = (node: string) => {
      order.set(node, order.size)
      low.set(node, order.size - 1)
      open.push(node)
      isOpen.add(node)
      path.push({ node, targets: next(node) })
    }
    const lower = (node: string, value: number) => low.set(node, Math.min(low.get(node) ?? value, value))
    visit(root)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node, targets } = top
      const target = targets.pop()
      if (target !== undefined) {
        if (!order.has(target)) visit(target)
        else if (isOpen.has(target)) lower(node, order.get(target) ?? 0)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) lower(parent.node, low.get(node) ?? 0)
      if (low.get(node) !== order.get(node)) continue
      const part = open.splice(open.lastIndexOf(node))
      for (const member of part) isOpen.delete(member)
      if (part.length === 1 && !next(node).includes(node)) continue
      const message = `A run goes round here without waiting for anybody (${part.length} nodes). Put a wait or a question into the loop.`
      findings.push(finding('error', 'loop-without-wait', message, { node }))
    }
  }
  return findings
}

/**
 * Words that, on the quickest way to them, come after Instagram has shut the window: 24 h after the person's last action.
 * What passes is counted from the last answer or start; a person who brings the conversation back opens it anew.
 */
function checkWindow({ index, wires }: Graph): Finding[] {
  const shut = limits.window.max - WINDOW_MARGIN_MS
  const least = new Map<string, number>()
  const waiting = index.triggers.map(({ id }) => ({ node: id, ms: 0 }))
  // Times only shrink, and ways through more than a day are cut short: a plain work list settles soon.
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    const { node, ms } = item
    if ((least.get(node) ?? Number.POSITIVE_INFINITY) <= ms) continue
    least.set(node, ms)
    for (const { target, passage } of wires.get(node) ?? []) {
      if (passage.type === 'never') continue
      // Nobody answers what could not be sent.
      const isFresh = passage.type === 'person' || (passage.type === 'answer' && ms < shut)
      const passed = passage.type === 'time' ? passage.ms : 0
      waiting.push({ node: target, ms: isFresh ? 0 : Math.min(ms + passed, shut) })
    }
  }
  const findings: Finding[] = []
  for (const node of index.nodes.values()) {
    if ((least.get(node.id) ?? 0) < shut) continue
    const kind = kindOf(node)
    const field = kind.templates?.(node.data).find(({ limit, text }) => limit !== null && text.trim() !== '')?.field
    if (field === undefined) continue
    const message = 'Every way here takes at least 24 hours after the person last wrote: Instagram will refuse this message.'
    findings.push(finding(kind.bringsPerson ? 'warning' : 'error', 'after-window', message, { node: node.id, field }))
  }
  return findings
}
