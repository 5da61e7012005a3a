import { LaneEvent } from '@/lib/flow/event'
import type { FlowDocument } from '@/lib/flow/flow'
import { type Program, versionKey } from '@/lib/flow/program'
import { Settings } from '@/lib/flow/settings'
import { type LaneState, newLaneState } from '@/lib/flow/state'
import { step } from '@/lib/flow/step'
import { CommandError } from './command'

/** What the document is called in a run of the command: what taps written by hand must name. */
const FLOW = 'flow'
const VERSION = 1
/** 2026-01-01, so that the same file gives the same lines for ever. */
const START = Date.UTC(2026, 0, 1)
const SECOND_MS = 1000

type Json = Record<string, unknown>

/**
 * Runs a document's interpreter over events, one a line of JSON, and yields one line a step: `{event, effects, trace, state}`.
 * Nothing is read, stored or sent. An event may leave out what a test seldom cares about: see `complete`.
 * @throws CommandError with the number of the line
 */
export function* runFlow(document: FlowDocument, lines: Iterable<string>): Generator<string> {
  const program: Program = {
    id: 'command',
    settings: Settings.parse({}),
    deployments: [{ flow: FLOW, version: VERSION }],
    flows: { [versionKey(FLOW, VERSION)]: document },
  }
  let state = newLaneState()
  let at = START
  let line = 0
  for (const text of lines) {
    line += 1
    if (text.trim() === '') continue
    const event = readEvent(text, line, at, state)
    at = event.at
    const result = step(program, state, event)
    state = result.state
    yield JSON.stringify({ event, effects: result.effects, trace: result.trace, state })
  }
}

function readEvent(text: string, line: number, at: number, state: LaneState): LaneEvent {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new CommandError(`Line ${line} is not JSON.`)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CommandError(`Line ${line} is not an event: it is no object.`)
  const parsed = LaneEvent.safeParse(complete(json as Json, line, at, state))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CommandError(`Line ${line} is not an event: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}.`)
}

/**
 * Fills in what was left out: id and chance from the line, one second between events, `mid`, no chip, no attachments. A
 * timer is the pending one of that id or name (`wait` for `run-1/wait`), or the next that is due, and fires when it is due.
 */
function complete(json: Json, line: number, before: number, state: LaneState): Json {
  const pending = json.type === 'timer' ? findTimer(state, json.timerId) : undefined
  const at = typeof json.at === 'number' ? json.at : (pending?.fireAt ?? before + SECOND_MS)
  const base = { id: String(line), at, chance: line }
  switch (json.type) {
    case 'message':
      return { ...base, sentAt: at, mid: `mid.${line}`, text: null, chip: null, attachments: [], replyTo: null, ...json }
    case 'echo':
      return { ...base, sentAt: at, mid: `mid.${line}`, text: null, attachments: [], foreign: true, ...json }
    case 'postback':
      return { ...base, sentAt: at, mid: null, title: '', ...json }
    case 'timer':
      return {
        ...base,
        timerId: '',
        generation: 0,
        ...json,
        ...(pending && { timerId: pending.timerId, generation: json.generation ?? pending.generation }),
      }
    case 'take-over':
    case 'hand-back':
    case 'reply': {
      const by = { type: 'user', id: 'agent', name: 'Agent' }
      return { ...base, by, ...(json.type === 'reply' ? { clientId: `client.${line}` } : {}), ...json }
    }
    case 'reaction':
    case 'seen':
    case 'unsent':
    case 'edited':
    case 'unknown':
      return { ...base, sentAt: at, ...json }
    default:
      return { ...base, ...json }
  }
}

function findTimer(state: LaneState, idOrName: unknown) {
  const pending = Object.entries(state.timers).map(([timerId, timer]) => ({ timerId, ...timer }))
  const named = pending.filter(
    ({ timerId }) => idOrName === undefined || timerId === idOrName || timerId.endsWith(`/${String(idOrName)}`),
  )
  return named.sort((a, b) => a.fireAt - b.fireAt)[0]
}
