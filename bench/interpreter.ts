import type { Effect } from '@/lib/flow/effect'
import type { LaneEvent } from '@/lib/flow/event'
import { type Program, versionKey } from '@/lib/flow/program'
import { Settings } from '@/lib/flow/settings'
import { type LaneState, newLaneState } from '@/lib/flow/state'
import { step } from '@/lib/flow/step'
import { type Bench, pairedFigure } from './figure'
import { topicPhrase, topicsFlow } from './flows'

/** One person's whole conversation: what happened, and the state after each of it. */
interface Conversation {
  events: LaneEvent[]
  states: LaneState[]
  effects: number
}

const PEOPLE = 100
const START = Date.UTC(2026, 0, 15, 9)
const ANA = { type: 'user' as const, id: 'user-1', name: 'Ana' }

const SIZES = [
  { name: 'small-flow', nodes: 9 },
  { name: 'flow-of-1000-nodes', nodes: 1_000 },
]

const effort = (isQuick: boolean) =>
  isQuick ? { warmMs: 1_000, rounds: 9, roundMs: 500 } : { warmMs: 3_000, rounds: 31, roundMs: 1_000 }

/**
 * Steps a second on one core. The baseline is what any interpreter with stored state pays for an event and this one does not:
 * the very states of these conversations written as JSON and read back, once an event, and nothing else.
 */
export async function interpreter(bench: Bench): Promise<void> {
  const { warmMs, rounds, roundMs } = effort(bench.isQuick)
  for (const { name, nodes } of SIZES) {
    const program = programOf(nodes)
    const conversations = Array.from({ length: PEOPLE }, (_, person) => talk(program, person, Math.floor(nodes / 16)))
    bench.say(`${name}: ${conversations[0]?.events.length} events a conversation`)
    const run = (ms: number) => perSecond(ms, conversations, (one) => stepThrough(program, one))
    const copy = (ms: number) => perSecond(ms, conversations, copyThrough)
    run(warmMs)
    copy(warmMs)
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 1; round <= rounds; round++) {
      ours.push(run(roundMs))
      theirs.push(copy(roundMs))
      if (round % 10 === 0 || round === rounds) bench.say(`${name}: round ${round} of ${rounds}`)
    }
    bench.print(pairedFigure(`interpreter.${name}.steps.against-json-copies-of-state`, 'steps/s', ours, theirs))
  }
}

function programOf(nodes: number): Program {
  const flow = topicsFlow(nodes)
  if (flow.nodes.length !== nodes) throw new Error(`The flow has ${flow.nodes.length} nodes, not ${nodes}.`)
  const deployment = { flow: 'flow-bench', version: 1 }
  return {
    id: 'program-bench',
    settings: Settings.parse({}),
    deployments: [deployment],
    flows: { [versionKey(deployment.flow, deployment.version)]: flow },
  }
}

/** Calls `work` on one conversation after the other for `ms`; returns events a second. */
function perSecond(ms: number, conversations: Conversation[], work: (conversation: Conversation) => void): number {
  const started = performance.now()
  let events = 0
  while (performance.now() - started < ms) {
    for (const conversation of conversations) {
      work(conversation)
      events += conversation.events.length
    }
  }
  return (events * 1000) / (performance.now() - started)
}

function stepThrough(program: Program, { events, effects }: Conversation): void {
  let state = newLaneState()
  let asked = 0
  for (const event of events) {
    const stepped = step(program, state, event)
    state = stepped.state
    asked += stepped.effects.length
  }
  if (asked !== effects) throw new Error(`The same conversation asked for ${asked} effects, and for ${effects} before.`)
}

function copyThrough({ states }: Conversation): void {
  let timers = 0
  for (const state of states) timers += (JSON.parse(JSON.stringify(state)) as LaneState).generation
  if (timers === 0) throw new Error('These states had no timers; they are not those of the conversation.')
}

/** `LaneEvent` without what every event has. */
type Happening<E extends LaneEvent = LaneEvent> = E extends LaneEvent ? Omit<E, 'id' | 'at' | 'chance'> : never

/**
 * Somebody writes, taps, waits, is handed to a person who answers and hands back, and says thanks; with what Instagram tells
 * besides. @throws Error when the flow does not answer as it is drawn.
 */
function talk(program: Program, person: number, topic: number): Conversation {
  const conversation: Conversation = { events: [], states: [], effects: 0 }
  let state = newLaneState()
  let at = START + person * 1_000
  const hear = (happening: Happening): Effect[] => {
    at += 60_000
    // A union spread into one object is no union to the compiler any more; nothing but the three common members is added.
    const event = {
      ...happening,
      id: String(person * 100 + conversation.events.length + 1),
      at,
      chance: (person * 2_654_435_761) % 2 ** 32,
    } as LaneEvent
    const stepped = step(program, state, event)
    state = stepped.state
    conversation.events.push(event)
    conversation.states.push(state)
    conversation.effects += stepped.effects.length
    return stepped.effects
  }
  const write = (text: string, chip: string | null = null) =>
    hear({
      type: 'message',
      sentAt: at,
      mid: `mid.${person}.${conversation.events.length}`,
      text,
      chip,
      attachments: [],
      replyTo: null,
    })
  const texts = (effects: Effect[]) =>
    effects.flatMap((effect) => (effect.type === 'send' && effect.message.type === 'text' ? [effect.message] : []))
  const expectLast = (effects: Effect[], text: string) => {
    const last = texts(effects).at(-1)
    if (last?.text !== text) throw new Error(`The flow said "${last?.text}" where it is drawn to say "${text}".`)
    return last
  }

  const asked = expectLast(write(topicPhrase(topic)), 'Hi there, what would you like to know?')
  hear({ type: 'profile', name: `Mia ${person}`, username: `mia.${person}` })
  hear({ type: 'seen', sentAt: at, mid: `mid.out.${person}` })
  const chip = asked.chips?.[1]
  if (chip?.type !== 'text') throw new Error('The question has no chips.')
  const told = write(chip.title, chip.payload)
  expectLast(told, 'Here is all about sizes.')
  const timer = told.findLast((effect) => effect.type === 'set-timer')
  if (!timer) throw new Error('The wait has set no timer.')
  at = timer.fireAt
  expectLast(hear({ type: 'timer', timerId: timer.timerId, generation: timer.generation }), 'A colleague will be with you.')
  write('hello?')
  hear({ type: 'take-over', by: ANA })
  expectLast(hear({ type: 'reply', by: ANA, clientId: 'c1', message: { type: 'text', text: 'Hi, Ana here.' } }), 'Hi, Ana here.')
  hear({ type: 'hand-back', by: ANA })
  write('thanks!')
  if (state.hold.by !== 'bot') throw new Error(`In the end the conversation is held by ${state.hold.by}.`)
  return conversation
}
