import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkFlow } from './check'
import { Effect } from './effect'
import { LaneEvent } from './event'
import { FlowDocument, type FlowNode } from './flow'
import { anyFlow, anyHappenings, anyProgram, eventOf, type Past, remember } from './generated/testing'
import { findKind, nodeKinds } from './nodes/registry'
import { encodeTap } from './payload'
import { type Program, versionKey } from './program'
import { LaneState, newLaneState } from './state'
import { type Step, step } from './step'
import { MAX_HOPS } from './step/walk'
import { programOf, START } from './testing'

const CASES = 10_000
const given = process.env.FLOW_PROPERTY_SEED ?? '1'
/** The same flows every time, so that a red run means a change; `FLOW_PROPERTY_SEED=random` looks for new ones. */
const seed = given === 'random' ? Math.floor(Math.random() * 0x7fffffff) : Number(given)
process.stdout.write(`# flow properties, FLOW_PROPERTY_SEED=${seed}\n`)

/** How often each kind was left by each port; chips count by their type. */
const taken = new Map<string, number>()
let steps = 0
let soundPrograms = 0

function portNameOf(node: FlowNode | undefined, port: string): string {
  const chip = node?.kind === 'quick-reply' ? node.data.chips.find(({ id }) => id === port) : undefined
  return chip === undefined ? port : `${chip.type} chip`
}

function count(program: Program, { trace }: Step): void {
  steps += 1
  for (const line of trace) {
    if (line.type !== 'leave') continue
    const node = program.flows[versionKey(line.flow, line.version)]?.nodes.find(({ id }) => id === line.node)
    const key = `${line.kind} · ${portNameOf(node, line.port)}`
    taken.set(key, (taken.get(key) ?? 0) + 1)
  }
}

const allPorts = nodeKinds.flatMap((kind) =>
  kind.kind === 'quick-reply'
    ? ['text chip', 'email chip', 'phone chip', 'other', 'no-answer', 'next', 'error'].map((port) => `quick-reply · ${port}`)
    : (findKind(kind.kind)?.ports(kind.examples[0]) ?? []).map((port) => `${kind.kind} · ${port.id}`),
)

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}

const Effects = z.array(Effect)
const survives = (schema: z.ZodType, value: unknown): boolean =>
  isDeepStrictEqual(schema.parse(JSON.parse(JSON.stringify(value))), value)

/** What the bot may say, followed through the effects of one step. */
function expectSilenceWhileHeld(before: LaneState, { effects }: Step): void {
  let isHeld = before.hold.by !== 'bot'
  let isOptedOut = before.optedOut
  for (const effect of effects) {
    if (effect.type === 'send' && effect.author.type === 'bot' && (isHeld || isOptedOut))
      throw new Error('the bot spoke out of turn')
    if (effect.type !== 'record') continue
    if (['took-over', 'app-took-over', 'queued'].includes(effect.code)) isHeld = true
    if (['handed-back', 'nobody-came'].includes(effect.code)) isHeld = false
    if (effect.code === 'opted-out') isOptedOut = true
    if (effect.code === 'opted-in') isOptedOut = false
  }
}

/** Every clock belongs to what waits for it, and a run moves only when it may speak. */
function expectOrder({ state, trace }: Step): void {
  const own = state.run?.waiting.timers.map((name) => `${state.run?.id}/${name}`) ?? []
  const isApp = state.hold.by === 'agent' && state.hold.agent === null
  for (const id of [...Object.keys(state.timers), ...state.kept]) {
    if (!own.includes(id) && !(isApp && id === 'app-hold')) throw new Error(`the timer ${id} belongs to nothing`)
  }
  if (trace.some((line) => line.type === 'skip' && line.why === 'silenced')) throw new Error('a run that may not speak moved')
}

/** The engine's timer table, kept by effects and firings alone. */
function followTimers(rows: LaneState['timers'], event: LaneEvent, { effects }: Step): LaneState['timers'] {
  const after = { ...rows }
  if (event.type === 'timer' && after[event.timerId]?.generation === event.generation) delete after[event.timerId]
  for (const effect of effects) {
    if (effect.type === 'set-timer') after[effect.timerId] = { generation: effect.generation, fireAt: effect.fireAt }
    if (effect.type === 'cancel-timer') {
      if (after[effect.timerId] === undefined) throw new Error(`cancelled ${effect.timerId}, which is not pending`)
      delete after[effect.timerId]
    }
  }
  return after
}

describe('on generated flows', () => {
  it(`steps are pure, total, bounded and silent when they should be (${CASES} flows and conversations)`, () => {
    const property = fc.property(anyProgram, anyHappenings, (program, happenings) => {
      deepFreeze(program)
      const isSound = Object.values(program.flows).every((document) =>
        checkFlow(document).every(({ severity }) => severity !== 'error'),
      )
      if (isSound) soundPrograms += 1
      const past: Past = { taps: [], sends: [] }
      let state = deepFreeze(newLaneState())
      let rows: LaneState['timers'] = {}
      let now = START
      for (const [n, happening] of happenings.entries()) {
        const event = deepFreeze(eventOf(happening, n + 1, now, state, past))
        now = event.at
        const done = step(program, state, event)
        expect(isDeepStrictEqual(step(program, state, event), done), 'the same inputs give the same step').toBe(true)
        expect(survives(LaneState, done.state), 'the state survives JSON').toBe(true)
        expect(survives(Effects, done.effects), 'effects survive JSON').toBe(true)
        expect(done.state.hops).toBeLessThanOrEqual(MAX_HOPS)
        expect(done.trace.filter(({ type }) => type === 'enter').length).toBeLessThanOrEqual(2 * MAX_HOPS)
        expectSilenceWhileHeld(state, done)
        expectOrder(done)
        rows = followTimers(rows, event, done)
        expect(isDeepStrictEqual(rows, done.state.timers), 'the effects mirror the timers').toBe(true)
        if (isSound) expect(JSON.stringify(done.effects), 'what the checker passes never gets stuck').not.toContain('run-stuck')
        count(program, done)
        remember(past, done.effects)
        state = deepFreeze(done.state)
      }
    })
    fc.assert(property, { seed, numRuns: CASES })
  }, 180_000)

  it('every event and flow they are made of parses', () => {
    fc.assert(
      fc.property(anyProgram, anyHappenings, (program, happenings) => {
        for (const document of Object.values(program.flows)) FlowDocument.parse(document)
        let state = newLaneState()
        for (const [n, happening] of happenings.entries()) {
          const event = LaneEvent.parse(eventOf(happening, n, START, state, { taps: [], sends: [] }))
          state = step(program, state, event).state
        }
      }),
      { seed, numRuns: 300 },
    )
  })

  it('renaming, moving, reordering and duplicating never re-route a tap', () => {
    const property = fc.property(anyFlow, fc.nat(7), fc.nat(50), (document, which, shift) => {
      const edited = edit(document, which, shift)
      for (const node of document.nodes) {
        for (const port of findKind(node.kind)?.ports(node.data) ?? []) {
          const route = (deployed: FlowDocument) =>
            routeOf(programOf({ a: deployed }), encodeTap({ flow: 'a', version: 1, node: node.id, port: port.id }))
          expect(route(edited), `${node.id} by ${port.id}`).toEqual(route(document))
        }
      }
    })
    fc.assert(property, { seed, numRuns: 1000 })
  })
})

function routeOf(program: Program, chip: string) {
  const event: LaneEvent = {
    id: '1',
    at: START,
    sentAt: START,
    chance: 0,
    type: 'message',
    mid: 'm',
    text: 'x',
    chip,
    attachments: [],
    replyTo: null,
  }
  const first = step(program, newLaneState(), event).trace.find(({ type }) => type === 'leave')
  return first?.type === 'leave' ? { node: first.node, port: first.port, target: first.target } : null
}

/** Everything an operator may do to a drawing without meaning anything else by it. */
function edit(document: FlowDocument, which: number, shift: number): FlowDocument {
  const nodes = document.nodes.map((node): FlowNode => {
    const moved = { ...node, position: { x: node.position.x + shift, y: -shift } }
    if (moved.kind !== 'quick-reply') return moved
    const chips = moved.data.chips.map((chip, index) => ({ ...chip, title: `Renamed ${index}` })).reverse()
    return { ...moved, data: { ...moved.data, chips } }
  })
  const original = nodes[which % nodes.length]
  const copy = original === undefined ? [] : [{ ...original, id: `${original.id}-copy` }]
  const copied = document.edges
    .filter(({ source }) => source === original?.id)
    .map((edge) => ({ ...edge, id: `${edge.id}-copy`, source: `${edge.source}-copy` }))
  return { ...document, name: 'Renamed', nodes: [...copy, ...nodes.reverse()], edges: [...copied, ...document.edges] }
}

afterAll(() => {
  const width = Math.max(...allPorts.map((port) => port.length))
  const rows = allPorts.map((port) => `#   ${port.padEnd(width)} ${String(taken.get(port) ?? 0).padStart(8)}`)
  process.stdout.write(
    `# ${soundPrograms} of ${CASES} programs pass the checker; ports taken in ${steps} steps\n${rows.join('\n')}\n`,
  )
  expect(soundPrograms).toBeGreaterThan(CASES / 50)
  for (const port of allPorts) expect(taken.get(port) ?? 0, `${port} was never taken`).toBeGreaterThan(0)
})
