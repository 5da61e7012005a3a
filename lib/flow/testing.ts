import type { Effect } from './effect'
import type { Actor, LaneEvent } from './event'
import { emptyFlow, type FlowDocument, type FlowNode } from './flow'
import { encodeTap } from './payload'
import { type Program, versionKey } from './program'
import { Settings } from './settings'
import { type LaneState, newLaneState } from './state'
import { step } from './step'
import type { Trace } from './step/turn'

/** Small flows and events for tests. Not part of the product. */

type DataOf<K extends FlowNode['kind']> = Extract<FlowNode, { kind: K }>['data']

const at = { x: 0, y: 0 }

export const keyword = (id: string, text: string, data: Partial<DataOf<'keyword'>> = {}): FlowNode => {
  const phrases = text.split('|').map((phrase, index) => ({ id: `phrase-${index}`, text: phrase }))
  return { id, kind: 'keyword', position: at, data: { phrases, match: 'exact', always: false, reentry: 'restart', ...data } }
}
export const fallback = (id: string, reentry: DataOf<'fallback'>['reentry'] = 'restart'): FlowNode => ({
  id,
  kind: 'fallback',
  position: at,
  data: { reentry },
})
export const message = (id: string, ...texts: string[]): FlowNode => {
  const bubbles = texts.map((text, index) => ({ id: `bubble-${index}`, type: 'text' as const, text }))
  return { id, kind: 'message', position: at, data: { bubbles } }
}
export const image = (id: string, url: string): FlowNode => ({
  id,
  kind: 'message',
  position: at,
  data: { bubbles: [{ id: 'bubble-0', type: 'image', url }] },
})

/** Chips as `id=Title`; `email` and `phone` alone are those chips. */
export const quickReply = (id: string, text: string, chips: string[], noAnswerAfterMinutes: number | null = null): FlowNode => ({
  id,
  kind: 'quick-reply',
  position: at,
  data: {
    text,
    noAnswerAfterMinutes,
    chips: chips.map((chip) => {
      const [chipId = '', title] = chip.split('=')
      return title === undefined
        ? { id: chipId, type: chipId === 'email' ? 'email' : 'phone' }
        : { id: chipId, type: 'text', title }
    }),
  },
})
export const wait = (id: string, minutes: number): FlowNode => ({
  id,
  kind: 'wait',
  position: at,
  data: { mode: 'for', minutes },
})
export const waitUntil = (id: string, time: string, timezone: string): FlowNode => ({
  id,
  kind: 'wait',
  position: at,
  data: { mode: 'until', time, timezone },
})
export const handOff = (id: string, data: Partial<DataOf<'hand-off'>> = {}): FlowNode => ({
  id,
  kind: 'hand-off',
  position: at,
  data: { team: null, priority: 'normal', summary: null, text: null, nobodyAfterMinutes: null, ...data },
})

/** Edges as `from > to`, or `from:port > to`. */
export const flow = (nodes: FlowNode[], edges: string[] = [], rest: Partial<FlowDocument> = {}): FlowDocument => ({
  ...emptyFlow('Test'),
  nodes,
  edges: edges.map((edge, index) => {
    const [from = '', target = ''] = edge.split(' > ')
    const [source = '', port = 'next'] = from.split(':')
    return { id: `edge-${index}`, source, port, target }
  }),
  ...rest,
})

/** No disclosure unless asked for: most tests are about other words. */
export const settingsWith = (settings: Partial<Settings> = {}): Settings => Settings.parse({ disclosure: null, ...settings })

/** Flows by name in the deployed order; `name@2` is version 2, otherwise 1. `onlyStored` are known but not deployed. */
export function programOf(
  flows: Record<string, FlowDocument>,
  settings: Partial<Settings> = {},
  onlyStored: string[] = [],
): Program {
  const named = Object.entries(flows).map(([key, document]) => {
    const [name = '', version = '1'] = key.split('@')
    return { key, flow: name, version: Number(version), document }
  })
  return {
    id: 'program-1',
    settings: settingsWith(settings),
    deployments: named.filter(({ key }) => !onlyStored.includes(key)).map(({ flow: name, version }) => ({ flow: name, version })),
    flows: Object.fromEntries(named.map(({ flow: name, version, document }) => [versionKey(name, version), document])),
  }
}

export const ana: Actor = { type: 'user', id: 'ana', name: 'Ana' }
export const ben: Actor = { type: 'user', id: 'ben', name: 'Ben' }

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const START = Date.UTC(2026, 5, 1, 12)

/** One lane, played event by event: keeps the state, the timers that are due, and what was said. */
export class Lane {
  state: LaneState
  effects: Effect[] = []
  trace: Trace = []
  now = START
  program: Program
  private events = 0

  constructor(program: Program, state: LaneState = newLaneState()) {
    this.program = program
    this.state = state
  }

  /** Applies one event; the effects of it alone are in `effects`. */
  hear(event: Record<string, unknown> & { type: LaneEvent['type'] }): this {
    this.events += 1
    const whole = { id: String(this.events), at: this.now, chance: 7, sentAt: this.now, ...event } as unknown as LaneEvent
    if (!['message', 'postback', 'reaction', 'seen', 'unsent', 'edited', 'unknown', 'echo'].includes(event.type)) {
      delete (whole as unknown as Record<string, unknown>).sentAt
    }
    const { state, effects, trace } = step(this.program, this.state, whole)
    this.state = state
    this.effects = effects
    this.trace = trace
    return this
  }

  writes(text: string): this {
    return this.hear({ type: 'message', mid: `mid-${this.events}`, text, chip: null, attachments: [], replyTo: null })
  }

  /** Presses a chip of ours: `flow/node/port`, made by version 1 unless said otherwise. */
  taps(place: string, text = 'a chip', version = 1): this {
    const [name = '', node = '', port = ''] = place.split('/')
    const chip = encodeTap({ flow: name, version, node, port })
    return this.hear({ type: 'message', mid: `mid-${this.events}`, text, chip, attachments: [], replyTo: null })
  }

  /** Lets time pass; timers that fall due are heard in their order. */
  waits(ms: number): this {
    const until = this.now + ms
    for (;;) {
      const due = Object.entries(this.state.timers).filter(([, timer]) => timer.fireAt <= until)
      const [next] = due.sort(([, a], [, b]) => a.fireAt - b.fireAt)
      if (next === undefined) break
      this.now = Math.max(this.now, next[1].fireAt)
      this.hear({ type: 'timer', timerId: next[0], generation: next[1].generation })
    }
    this.now = until
    return this
  }

  takeOver(by: Actor = ana): this {
    return this.hear({ type: 'take-over', by })
  }

  handBack(by: Actor = ana): this {
    return this.hear({ type: 'hand-back', by })
  }

  replies(text: string, by: Actor = ana): this {
    return this.hear({ type: 'reply', by, clientId: `client-${this.events}`, message: { type: 'text', text } })
  }

  typesInApp(text = 'from the app'): this {
    return this.hear({ type: 'echo', mid: `app-${this.events}`, text, attachments: [], foreign: true })
  }

  sendFails(node: string, run: string | null | undefined = this.state.run?.id ?? this.state.lastRun?.id ?? null): this {
    return this.hear({ type: 'send-failed', run, node, reason: 'refused' })
  }

  publishes(name: string, version: number, policy: 'finish' | 'move' | 'restart'): this {
    return this.hear({ type: 'publish', flow: name, version, policy })
  }

  /** What the last event made us say. */
  get said(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== 'send') return []
      return [effect.message.type === 'text' ? effect.message.text : effect.message.url]
    })
  }

  get records(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'record' ? [effect.code] : []))
  }

  get isCancelling(): boolean {
    return this.effects.some((effect) => effect.type === 'cancel-sends')
  }

  get rule(): string | undefined {
    return this.trace.flatMap((line) => (line.type === 'rule' ? [line.rule] : []))[0]
  }

  get at(): string | null {
    return this.state.run?.frames.at(-1)?.node ?? null
  }
}

/** A question with two answers, a person behind one of them. */
export const shop = flow(
  [
    keyword('start', 'hello'),
    quickReply('ask', 'What is it?', ['price=Price', 'human=A person']),
    message('prices', 'Ten euros.'),
    handOff('desk', { text: 'One moment.', summary: '{{ contact.name }} has a question', nobodyAfterMinutes: 30 }),
    message('back', 'Anything else?'),
    message('sorry', 'Nobody is there.'),
  ],
  ['start > ask', 'ask:price > prices', 'ask:human > desk', 'desk:returned > back', 'desk:nobody > sorry'],
)

/** Somebody at the counter of `shop`. */
export const shopLane = (settings: Partial<Settings> = {}): Lane => new Lane(programOf({ shop }, settings))

export const bot = (effects: readonly Effect[]) =>
  effects.filter((effect) => effect.type === 'send' && effect.author.type === 'bot')
