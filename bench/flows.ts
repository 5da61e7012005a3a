import { FlowDocument, type FlowEdge, type FlowNode } from '@/lib/flow/flow'

const position = { x: 0, y: 0 }
const bubble = (text: string) => ({ bubbles: [{ id: 'b', type: 'text' as const, text }] })
const phrases = (...texts: string[]) => texts.map((text, ix) => ({ id: `p${ix}`, text }))

const flow = (name: string, nodes: FlowNode[], wires: [source: string, port: string, target: string][]): FlowDocument => {
  const edges: FlowEdge[] = wires.map(([source, port, target]) => ({ id: `${source}/${port}`, source, port, target }))
  return FlowDocument.parse({ schemaVersion: 1, name, nodes, edges, variables: [], notes: [], groups: [] })
}

/** A keyword and one message for each word: who writes it gets that one reply. */
export function answeringFlow(words: string[], reply: (word: string) => string): FlowDocument {
  const nodes = words.flatMap((word, ix): FlowNode[] => [
    {
      id: `k${ix}`,
      kind: 'keyword',
      position,
      data: { phrases: phrases(word), match: 'exact', always: false, reentry: 'restart' },
    },
    { id: `m${ix}`, kind: 'message', position, data: bubble(reply(word)) },
  ])
  return flow(
    'Answers',
    nodes,
    words.map((_, ix) => [`k${ix}`, 'next', `m${ix}`]),
  )
}

/** Nodes of one topic below. */
const TOPIC_NODES = 8

/** What somebody writes to begin with a topic. */
export const topicPhrase = (topic: number): string => `topic ${topic}`

/**
 * Topics of eight nodes: keyword → quick reply with three chips → a message on each → wait → message → hand-off. A flow of
 * `nodes` nodes has as many topics as fit, and messages that lead from one to the next for the rest.
 */
export function topicsFlow(nodes: number): FlowDocument {
  const topics = Math.floor(nodes / TOPIC_NODES)
  const parts = Array.from({ length: topics }, (_, topic) => topicNodes(topic))
  const rest = Array.from({ length: nodes - topics * TOPIC_NODES }, (_, ix) => ({
    id: `rest${ix}`,
    kind: 'message' as const,
    position,
    data: bubble('Read on.'),
  }))
  const wires = parts.flatMap((part) => part.wires)
  for (const { id } of rest) wires.push([id, 'next', 'ask0'])
  return flow('Topics', [...parts.flatMap((part) => part.nodes), ...rest], wires)
}

function topicNodes(topic: number): { nodes: FlowNode[]; wires: [string, string, string][] } {
  const id = (name: string) => `${name}${topic}`
  const chips = ['Prices', 'Sizes', 'A person'].map((title, ix) => ({ id: `chip${ix}`, type: 'text' as const, title }))
  const greeting = 'Hi {{ contact.first_name | default: "there" }}, what would you like to know?'
  return {
    nodes: [
      {
        id: id('keyword'),
        kind: 'keyword',
        position,
        data: { phrases: phrases(topicPhrase(topic), `about ${topic}`), match: 'exact', always: false, reentry: 'restart' },
      },
      { id: id('ask'), kind: 'quick-reply', position, data: { text: greeting, chips, noAnswerAfterMinutes: null } },
      ...chips.map(({ title }, ix) => ({
        id: id(`say${ix}-`),
        kind: 'message' as const,
        position,
        data: bubble(`Here is all about ${title.toLowerCase()}.`),
      })),
      { id: id('wait'), kind: 'wait', position, data: { mode: 'for', minutes: 60 } },
      { id: id('more'), kind: 'message', position, data: bubble('Still there, {{ contact.first_name | default: "friend" }}?') },
      {
        id: id('hand-off'),
        kind: 'hand-off',
        position,
        data: {
          team: null,
          priority: 'normal',
          summary: 'Asked about {{ contact.name }}.',
          text: 'A colleague will be with you.',
          nobodyAfterMinutes: null,
        },
      },
    ],
    wires: [
      [id('keyword'), 'next', id('ask')],
      ...chips.flatMap(({ id: chip }, ix): [string, string, string][] => [
        [id('ask'), chip, id(`say${ix}-`)],
        [id(`say${ix}-`), 'next', id('wait')],
      ]),
      [id('wait'), 'next', id('more')],
      [id('more'), 'next', id('hand-off')],
    ],
  }
}
