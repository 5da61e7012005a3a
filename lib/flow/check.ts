import { type CheckContext, type Finding, finding } from './check/finding'
import { graphOf } from './check/graph'
import { checkPaths } from './check/paths'
import { checkStarts } from './check/starts'
import { checkWiring } from './check/wiring'
import { checkWords } from './check/words'
import type { FlowDocument } from './flow'
import { Settings } from './settings'

export type { CheckContext, Finding }

const defaults: Settings = Settings.parse({})

/**
 * What has to be mended before a flow can be published (errors) and what had better be (warnings), in the order of its nodes.
 * Pure: canvas, publish, command line and API show the same. Without settings, the checker counts with a workspace's defaults.
 */
export function checkFlow(document: FlowDocument, context: CheckContext = {}): Finding[] {
  const graph = graphOf(document, context.settings ?? defaults)
  const findings = [
    ...checkStarts(graph, context),
    ...checkDisclosure(context),
    ...checkWords(graph, context),
    ...checkWiring(graph),
    ...checkPaths(graph),
  ]
  const position = new Map([...graph.index.nodes.keys()].map((id, index) => [id, index]))
  const placeOf = ({ node }: Finding): number => (node === null ? -1 : (position.get(node) ?? -1))
  return findings.sort((a, b) => placeOf(a) - placeOf(b))
}

function checkDisclosure({ settings }: CheckContext): Finding[] {
  if (settings === undefined || (settings.disclosure ?? '').trim() !== '') return []
  const message = 'The workspace does not tell people that they talk to an automated assistant. Some places require it by law.'
  return [finding('warning', 'no-disclosure', message)]
}
