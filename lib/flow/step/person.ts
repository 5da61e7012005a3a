import type { PersonEvent } from '../define-node'
import { hasPort, indexOf } from '../flow-index'
import { limits } from '../limits'
import { foldCommand } from '../normalise'
import { decodeTap, type Tap } from '../payload'
import { splitText } from '../split-text'
import { findStart } from '../triggers'
import { beginRun, defaultsOf, documentOf, endRun } from './run'
import { cancelSends, noteWord, type Rule, record, send, type Turn } from './turn'
import { leaveBy, resume } from './walk'

/** What a person says or taps, offered in one order. The first rule that takes the event is the last. */
export function hearPerson(turn: Turn, event: PersonEvent): void {
  const { state } = turn
  noteWord(turn)
  state.lastPersonAt = Math.max(state.lastPersonAt ?? Number.MIN_SAFE_INTEGER, Math.min(event.sentAt, event.at))
  state.hops = 0
  turn.trace.push({ type: 'rule', rule: offer(turn, event) })
}

function offer(turn: Turn, event: PersonEvent): Rule {
  const { state } = turn
  const command = hearCommand(turn, event)
  if (command !== null) return command
  if (state.hold.by !== 'bot') return 'held'
  if (state.optedOut) return leaveUnanswered(turn)
  const tap = tapOf(event)
  if (tap !== null) return follow(turn, tap) ? 'tap' : (start(turn, event, 'any') ?? leaveUnanswered(turn))
  const always = start(turn, event, 'always')
  if (always !== null) return always
  // Marked before, so that an answer that leads to the queue or to a problem counts as one too.
  const wasUnanswered = state.unanswered
  state.unanswered = false
  if (resume(turn, { type: 'answer', event })) return 'answer'
  state.unanswered = wasUnanswered
  return start(turn, event, 'any') ?? leaveUnanswered(turn)
}

const commands = new WeakMap<readonly string[], ReadonlySet<string>>()

function foldedOf(words: readonly string[]): ReadonlySet<string> {
  const known = commands.get(words)
  if (known !== undefined) return known
  const fresh = new Set(words.map(foldCommand).filter((word) => word !== ''))
  commands.set(words, fresh)
  return fresh
}

/** "Stop" and "start", whoever holds the conversation, written or tapped. Start words mean nothing until somebody has stopped. */
function hearCommand(turn: Turn, event: PersonEvent): Rule | null {
  const { state, program } = turn
  const { settings } = program
  const text = event.type === 'message' ? event.text : event.title
  if (text === null || text.length > limits.text.max) return null
  const word = foldCommand(text)
  if (state.optedOut && foldedOf(settings.startWords).has(word)) {
    state.optedOut = false
    state.unanswered = false
    record(turn, 'opted-in')
    confirm(turn, settings.startConfirmation)
    return 'start-word'
  }
  if (!foldedOf(settings.stopWords).has(word)) return null
  // Once is enough: whoever repeats it is not told again.
  if (state.optedOut) return 'stop-word'
  state.optedOut = true
  state.unanswered = false
  endRun(turn, null)
  cancelSends(turn, null, 'opted-out')
  record(turn, 'opted-out')
  confirm(turn, settings.stopConfirmation)
  return 'stop-word'
}

function confirm(turn: Turn, words: string): void {
  if (words.trim() === '') return
  for (const text of splitText(words, limits.text.max)) send(turn, { type: 'text', text }, { type: 'system' })
}

const tapOf = (event: PersonEvent): Tap | null => {
  const payload = event.type === 'message' ? event.chip : event.payload
  return payload === null ? null : decodeTap(payload)
}

/**
 * A payload of ours: the live run of that flow leaves by the port, at its pinned version, if the port exists there; else a
 * new run begins at that port of the deployed version. False when the port is nowhere.
 */
function follow(turn: Turn, tap: Tap): boolean {
  const { state, program } = turn
  const { run } = state
  const isAwaited = run !== null && run.flow === tap.flow && run.waiting.for === 'answer' && run.frames.at(-1)?.node === tap.node
  if (run?.flow !== tap.flow || !exists(turn, run.version, tap)) {
    const deployed = program.deployments.find(({ flow, version }) => flow === tap.flow && exists(turn, version, tap))
    const document = deployed && documentOf(turn, deployed.flow, deployed.version)
    if (deployed === undefined || document === undefined) return false
    beginRun(turn, { flow: deployed.flow, version: deployed.version, node: tap.node, trigger: null, vars: defaultsOf(document) })
  }
  const before = turn.effects.length
  state.unanswered = false
  leaveBy(turn, tap.node, tap.port)
  // An old chip that leads nowhere must not end in silence; the end of what was asked just now may.
  const isSilent = state.run === null && !turn.effects.slice(before).some((effect) => effect.type === 'send')
  if (isSilent && !isAwaited && state.hold.by === 'bot') leaveUnanswered(turn)
  return true
}

function exists(turn: Turn, version: number, tap: Tap): boolean {
  const document = documentOf(turn, tap.flow, version)
  const node = document && indexOf(document).nodes.get(tap.node)
  return node !== undefined && hasPort(node, tap.port)
}

function start(turn: Turn, event: PersonEvent, scope: 'always' | 'any'): Rule | null {
  const { state, program } = turn
  const found = findStart(program, state, event, scope)
  const document = found && documentOf(turn, found.flow, found.version)
  if (found === null || document === undefined || document === null) return null
  const { flow, version, node, port, mark, isFallback } = found
  beginRun(turn, { flow, version, node, trigger: node, vars: defaultsOf(document) })
  if (mark !== null) state.marks = [...state.marks, mark]
  state.unanswered = false
  leaveBy(turn, node, port)
  if (isFallback) return 'fallback'
  return scope === 'always' ? 'always' : 'trigger'
}

/** No flow has anything to say. The thread shows it once, not for every line the person writes. */
function leaveUnanswered(turn: Turn): Rule {
  if (!turn.state.unanswered) record(turn, 'unanswered')
  turn.state.unanswered = true
  return 'unanswered'
}
