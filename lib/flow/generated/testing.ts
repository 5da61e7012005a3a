import fc from 'fast-check'
import type { Effect } from '../effect'
import type { LaneEvent } from '../event'
import { emptyFlow, type FlowDocument, type FlowEdge, FlowNode } from '../flow'
import { hasPort } from '../flow-index'
import { findKind, nodeKinds } from '../nodes/registry'
import { decodeTap, encodeTap } from '../payload'
import type { Program } from '../program'
import type { LaneState } from '../state'
import { ana, ben, HOUR, MINUTE, programOf } from '../testing'

/** Flows and events made from small numbers, for properties. Not part of the product. */

const pick = <T>(from: readonly T[], index: number): T => from[index % from.length] as T

const long = `${'One sentence of some length. '.repeat(50)}End`
const texts = [
  'Hello',
  'Hi {{ contact.first_name | default: "there" }}',
  '{{ contact.email }}{{ contact.phone }}',
  long,
  '  ',
  '{% if vars.shop %}{{ vars.shop }}{% endif %}',
  'Größe 👍',
  '{{ broken',
]
const titles = ['Price', 'Größe 👍', '👍', '👎', 'price', '{{ contact.name }}', 'A title that is far too long', '']
const words = ['hi', 'price', 'Größe', 'a price list', '(', 'order 5', '', 'stop']
const matches = ['exact', 'word', 'contains', 'starts-with', 'regex'] as const
const reentries = ['restart', 'continue', 'once'] as const
const minutes = [1, 30, 5, 120, 60 * 30, 0, -5, 1_000_000_000]
/** How likely each kind below is. */
const kinds = [2, 3, 3, 4, 5, 3, 2, 0, 1, 3]
/** Kinds without a case below are generated as their examples show them. */
const ownCases: ReadonlySet<string> = new Set(['keyword', 'fallback', 'message', 'quick-reply', 'wait', 'hand-off'])
const laterKinds = nodeKinds.filter(({ kind }) => !ownCases.has(kind))
const anyKind = [...kinds, ...laterKinds.map((_, index) => 6 + index)]

/** The pools above begin with what an operator would write and end with what a draft may hold. */
const pools = (isTidy: boolean) => {
  const clip = <T>(pool: readonly T[], tidy: number): readonly T[] => (isTidy ? pool.slice(0, tidy) : pool)
  return {
    texts: clip(texts, 4),
    titles: clip(titles, 6),
    words: clip(words, 4),
    minutes: clip(minutes, 4),
    images: clip(['https://x.test/a.png', '', '{{ contact.username }}'], 1),
    timezones: clip(['Europe/Berlin', 'UTC', 'Asia/Kolkata', 'Nowhere/Else'], 3),
    times: clip(['09:00', '23:59', '02:30', '24:00'], 3),
  }
}

interface Seed {
  kind: number
  a: number
  b: number
}

function nodeOf({ kind, a, b }: Seed, id: string, isTidy: boolean): FlowNode {
  const position = { x: a, y: b }
  const pool = pools(isTidy)
  const which = pick(anyKind, kind)
  if (which >= 6) return exampleOf(pick(laterKinds, which), id, a)
  switch (which) {
    case 0: {
      const phrases = [pick(pool.words, a), pick(pool.words, b)].map((text, index) => ({ id: `p${index}`, text }))
      return {
        id,
        kind: 'keyword',
        position,
        data: { phrases, match: pick(matches, a + b), always: a % 5 === 0, reentry: pick(reentries, b % 7) },
      }
    }
    case 1:
      return { id, kind: 'fallback', position, data: { reentry: pick(reentries, a % 5) } }
    case 2: {
      const image = { id: 'b1', type: 'image', url: pick(pool.images, b) } as const
      const text = { id: 'b0', type: 'text', text: pick(pool.texts, b) } as const
      return { id, kind: 'message', position, data: { bubbles: pick([[text], [text, image], [image], []], a) } }
    }
    case 3: {
      const sets = [['text', 'text'], ['text', 'email', 'phone'], ['email', 'phone'], ['text', 'text', 'text'], []] as const
      const types = pick(isTidy ? sets.slice(0, 4) : sets, a)
      const chips = types.map((type, index) => ({ id: `c${index}`, type, title: pick(pool.titles, b + index) }))
      return {
        id,
        kind: 'quick-reply',
        position,
        data: { text: pick(pool.texts, a), chips, noAnswerAfterMinutes: b % 3 === 0 ? pick(pool.minutes, a) : null },
      }
    }
    case 4: {
      const timezone = pick(pool.timezones, a)
      if (b % 4 === 0)
        return {
          id,
          kind: 'wait',
          position,
          data: { mode: 'until', time: pick(pool.times, a + b), timezone },
        }
      return { id, kind: 'wait', position, data: { mode: 'for', minutes: pick(pool.minutes, a) } }
    }
    default: {
      const nobodyAfterMinutes = a % 2 === 0 ? pick(pool.minutes, b) : null
      const data = {
        team: pick([null, '', 'sales'], a),
        priority: 'normal',
        summary: pick([null, pick(pool.texts, a)], b),
        text: pick([null, pick(pool.texts, b)], a),
      } as const
      return { id, kind: 'hand-off', position, data: { ...data, nobodyAfterMinutes } }
    }
  }
}

const exampleOf = ({ kind, examples }: { kind: string; examples: readonly unknown[] }, id: string, n: number): FlowNode =>
  FlowNode.parse({ id, kind, position: { x: n, y: 0 }, data: pick(examples, n) })

const small = fc.nat(47)
const seedOfNode = fc.record({ kind: small, a: small, b: small })
const seedOfEdge = fc.tuple(small, small, small)

const oneByPort = (edges: FlowEdge[]): FlowEdge[] => [
  ...new Map(edges.map((edge) => [`${edge.source}:${edge.port}`, edge])).values(),
]

/** A flow of all kinds; the first node is a trigger that most texts fire. Edges leave by ports that exist, and mostly arrive. */
export const anyFlow: fc.Arbitrary<FlowDocument> = fc
  .record({
    isTidy: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
    nodes: fc.array(seedOfNode, { minLength: 2, maxLength: 7 }),
    edges: fc.array(seedOfEdge, { minLength: 2, maxLength: 16 }),
  })
  .map(({ nodes: seeds, edges: wires, isTidy }) => {
    const first: FlowNode = nodeOf({ kind: 7, a: 1, b: 0 }, 'n0', isTidy)
    const nodes = [first, ...seeds.map((seed, index) => nodeOf(seed, `n${index + 1}`, isTidy))]
    const inner = nodes.filter((node) => findKind(node.kind)?.trigger === undefined)
    const edges = wires.flatMap(([from, by, to], index): FlowEdge[] => {
      const source = index === 0 ? first : pick(nodes, from)
      const port = pick(findKind(source.kind)?.ports(source.data) ?? [], by)?.id
      // Mostly onwards: a tidy flow goes round only now and then.
      const onwards = inner.filter((node) => nodes.indexOf(node) > nodes.indexOf(source))
      const ends = isTidy && to % 8 > 0 ? onwards : inner
      const target = isTidy || to > 1 ? pick(ends, to)?.id : to === 0 ? 'gone' : pick(nodes, from + by).id
      return port === undefined || target === undefined ? [] : [{ id: `e${index}`, source: source.id, port, target }]
    })
    return {
      ...emptyFlow('Generated'),
      nodes,
      edges: isTidy ? oneByPort(edges) : edges,
      variables: [{ id: 'v', name: 'shop', default: '{{ contact.name }}' }],
    }
  })

/** Some nodes of the one, the rest and what wires still fit of the other. */
function mixed(a: FlowDocument, b: FlowDocument): FlowDocument {
  const nodes = [...a.nodes.slice(0, 3), ...b.nodes.slice(3)]
  const edges = b.edges.filter(({ source, port, target }) => {
    const node = nodes.find(({ id }) => id === source)
    const end = nodes.find(({ id }) => id === target)
    return node !== undefined && hasPort(node, port) && end !== undefined && findKind(end.kind)?.trigger === undefined
  })
  return { ...b, nodes, edges }
}

/** Two deployed flows and a version that came before, with and without a disclosure. */
export const anyProgram: fc.Arbitrary<Program> = fc
  .tuple(anyFlow, anyFlow, fc.boolean())
  .map(([a, b, isTold]) =>
    programOf({ a, 'a@2': mixed(a, b), b }, { disclosure: isTold ? 'A machine.' : null, appHoldMs: 6 * HOUR }, ['a@2']),
  )

/** What happens next, before it is known where the run is. */
export type Happening = readonly [what: number, which: number, pause: number]
export const anyHappenings: fc.Arbitrary<Happening[]> = fc.array(fc.tuple(fc.nat(31), small, fc.nat(7)), {
  minLength: 3,
  maxLength: 14,
})

/** What the lane said so far, from which taps and failures are drawn. */
export interface Past {
  taps: string[]
  sends: { run: string | null; node: string | null }[]
}

export function remember(past: Past, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.type !== 'send') continue
    const { author, message } = effect
    past.sends.push(author.type === 'bot' ? { run: author.run, node: author.node } : { run: null, node: null })
    if (message.type !== 'text') continue
    for (const chip of message.chips ?? []) if (chip.type === 'text') past.taps.push(chip.payload)
  }
}

const pauses = [0, 1000, MINUTE, 10 * MINUTE, HOUR, 24 * HOUR, 2 * HOUR, 1]

/** The happening as an event of this very moment: taps press what was sent, timers are those pending, answers those asked for. */
export function eventOf([what, which, pause]: Happening, n: number, now: number, state: LaneState, past: Past): LaneEvent {
  const base = { id: String(n), at: now + pick(pauses, pause), chance: which * 977 }
  const heard = { ...base, sentAt: base.at - which * 100 }
  const says = (text: string | null, chip: string | null = null): LaneEvent => {
    const attachments = text === null ? [{ type: 'image', url: null }] : []
    return { ...heard, type: 'message', mid: `m${n}`, text, chip, attachments, replyTo: null }
  }
  const choices = state.run?.waiting.choices ?? []
  const pending = Object.entries(state.timers).sort(([, a], [, b]) => a.fireAt - b.fireAt)
  const [timerId, timer] = pick(
    pending.length > 0 ? pending : [['none', { generation: 0, fireAt: 0 }] as const],
    which % 7 === 0 ? which : 0,
  )
  const agent = which % 2 === 0 ? ana : ben
  switch (what) {
    case 0:
    case 1:
    case 2:
      return says(pick(words, which))
    case 3:
      return says(pick(['start', 'mia@example.com', '+49 30 123456', '👍', 'hm', null], which))
    case 4:
    case 5:
    case 6:
      return says(pick(choices.length > 0 ? choices.map(({ title }) => title) : ['hi'], which))
    case 7: {
      const value = pick(['mia@example.com', '+4930123456'], which)
      return says(value, value)
    }
    case 8:
    case 9:
    case 10:
    case 11: {
      const stale = encodeTap({
        flow: pick(['a', 'b', 'c'], which),
        version: 1,
        node: `n${which % 9}`,
        port: pick(['c0', 'next', 'gone'], which),
      })
      const payload = pick(
        [...past.taps.slice(-3), ...(which % 5 === 0 ? [stale] : [])].concat(past.taps.length > 0 ? [] : [stale]),
        which,
      )
      if (what === 11)
        return { ...heard, type: 'postback', mid: null, title: 'Menu', payload: which % 4 === 0 ? 'theirs' : payload }
      return says(decodeTap(payload)?.port ?? 'x', payload)
    }
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17: {
      const isLate = which % 11 === 0
      return {
        ...base,
        at: Math.max(base.at, timer.fireAt),
        type: 'timer',
        timerId,
        generation: isLate ? timer.generation - 1 : timer.generation,
      }
    }
    case 18:
      return { ...base, type: 'take-over', by: agent }
    case 19:
    case 20:
    case 21:
      return { ...base, type: 'hand-back', by: agent }
    case 22:
      return { ...base, type: 'reply', by: agent, clientId: `c${n}`, message: { type: 'text', text: 'From a person' } }
    case 23:
      return {
        ...base,
        type: 'publish',
        flow: pick(['a', 'a', 'b', 'c'], which),
        version: pick([2, 2, 2, 1, 3], which >> 1),
        policy: pick(['finish', 'move', 'restart'], which),
      }
    case 24:
    case 25: {
      const sent = pick(past.sends.length > 0 ? past.sends.slice(-2) : [{ run: 'run-0', node: 'n1' }], which)
      return { ...base, type: 'send-failed', ...sent, reason: 'refused' }
    }
    case 26:
      return {
        ...base,
        type: 'profile',
        name: pick(['Mia R', '{{ vars.shop }}', null], which),
        username: pick(['mia', null], which),
      }
    case 27:
      return { ...heard, type: 'echo', mid: `e${n}`, text: 'typed', attachments: [], foreign: which % 3 === 0 }
    case 28:
      return which % 4 === 0 ? { ...base, type: 'dead-letter', event: '1' } : says('hi')
    case 29:
      return pick<LaneEvent>(
        [
          { ...heard, type: 'seen', mid: 'm' },
          { ...heard, type: 'reaction', mid: 'm', emoji: null },
          { ...heard, type: 'unsent', mid: 'm' },
          { ...heard, type: 'edited', mid: 'm', text: 'hi' },
          { ...heard, type: 'unknown' },
        ],
        which,
      )
    default:
      return says('hi')
  }
}
