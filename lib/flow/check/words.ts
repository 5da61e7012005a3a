import { isOver, limits, measure } from '../limits'
import { foldCommand, foldTitle } from '../normalise'
import { encodeTap } from '../payload'
import { inspect } from '../render'
import { type CheckContext, type Finding, finding } from './finding'
import { type Graph, kindOf } from './graph'

/** What each node says of itself, its texts, and Instagram's limits on them. */
export function checkWords({ index, document }: Graph, context: CheckContext): Finding[] {
  const findings: Finding[] = []
  const variables = new Set(document.variables.map(({ name }) => name))
  const stopWords = new Set((context.settings?.stopWords ?? []).map(foldCommand))
  for (const node of index.nodes.values()) {
    const kind = kindOf(node)
    for (const { code, severity, message, port, field } of kind.check?.(node.data) ?? []) {
      findings.push(finding(severity, code, message, { node: node.id, port: port ?? null, field: field ?? null }))
    }
    const titles = new Set<string>()
    for (const { field, text, limit } of kind.templates?.(node.data) ?? []) {
      const place = { node: node.id, field }
      findings.push(...checkTemplate(text, variables, place))
      if (text.includes('{{') || text.includes('{%')) continue
      if (limit === 'text' && isOver('text', text)) {
        const parts = Math.ceil(measure('text', text) / limits.text.max)
        const message = `This text has ${measure('text', text)} bytes; Instagram takes ${limits.text.max}. It will be sent in ${parts} or more messages.`
        findings.push(finding('warning', 'text-split', message, place))
      } else if (limit !== null && isOver(limit, text)) {
        const message = `This has ${measure(limit, text)} ${limits[limit].unit}; Instagram takes ${limits[limit].max}.`
        findings.push(finding('error', 'over-limit', message, place))
      }
      if (limit !== 'chipTitle') continue
      const title = foldTitle(text) || text.trim()
      if (title !== '' && titles.has(title)) {
        const message = 'Two titles of this node differ in nothing a person would type: typed answers then have to match exactly.'
        findings.push(finding('warning', 'alike-titles', message, place))
      }
      titles.add(title)
      if (stopWords.has(foldCommand(text))) {
        const message = 'This is a stop word of the workspace: whoever taps it gets no automated messages any more.'
        findings.push(finding('warning', 'stop-word-title', message, place))
      }
    }
    for (const { id: port, role } of kind.ports(node.data)) {
      if (role !== 'answer' || !isOver('payload', encodeTap({ flow: 'f'.repeat(64), version: 999_999, node: node.id, port })))
        continue
      findings.push(
        finding('error', 'payload-too-long', 'The ids of this node and port are too long for a tap to carry.', {
          node: node.id,
          port,
        }),
      )
    }
  }
  return findings
}

function checkTemplate(text: string, variables: ReadonlySet<string>, place: { node: string; field: string }): Finding[] {
  const seen = inspect(text)
  if (seen.error !== null) return [finding('error', 'invalid-template', `This text cannot be rendered: ${seen.error}`, place)]
  return seen.reads.flatMap(([root, name]) => {
    if (root === 'contact') return []
    if (root !== 'vars') {
      const message = `Texts can read contact and vars; "${root}" is neither and comes out empty.`
      return [finding('warning', 'unknown-name', message, place)]
    }
    if (name === undefined || variables.has(name)) return []
    const fix = { title: `Add the variable "${name}"`, op: 'add-variable', name } as const
    return [finding('error', 'unknown-variable', `This flow has no variable "${name}".`, { ...place, fix })]
  })
}
