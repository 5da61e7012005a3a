import type { Act, DraftChip } from '../define-node'
import { isOver, limits } from '../limits'
import type { OutgoingChip, OutgoingMessage } from '../message'
import { encodeTap } from '../payload'
import { render, scopeOf } from '../render'
import { splitText } from '../split-text'
import type { Choice, RunState } from '../state'
import { nodeOf } from './run'
import { noteWord, record, send, type Turn } from './turn'

/** Words of the bot: rendered, split and sent, with the disclosure before the first ones. */

export type Said = { ok: true; choices: Choice[] } | { ok: false; reason: string }

const said = (choices: Choice[] = []): Said => ({ ok: true, choices })

/** The choices a `say` showed, as the person sees them; or why it could not be said. */
export function say(turn: Turn, run: RunState, act: Extract<Act, { type: 'say' }>): Said {
  const scope = scopeOf(turn.state.contact, run.vars)
  const rendered = render(act.text, scope)
  if (!rendered.ok) return rendered
  if (rendered.text.trim() === '') {
    // Instagram refuses an empty text. A bubble can be left out; chips cannot stand without one.
    if (act.chips !== undefined && act.chips.length > 0) return { ok: false, reason: 'the text above the chips is empty' }
    skip(turn, run, 'empty-text')
    return said()
  }
  const chips: OutgoingChip[] = []
  const choices: Choice[] = []
  for (const chip of act.chips ?? []) {
    const title = render(chip.title, scope)
    if (!title.ok) return title
    addChip(turn, run, { ...chip, title: title.text }, chips, choices)
  }
  const parts = splitText(rendered.text, limits.text.max)
  parts.forEach((text, index) => {
    const isLast = index === parts.length - 1
    emit(turn, run, isLast && chips.length > 0 ? { type: 'text', text, chips } : { type: 'text', text })
  })
  return said(choices)
}

export function show(turn: Turn, run: RunState, act: Extract<Act, { type: 'show' }>): Said {
  const rendered = render(act.url, scopeOf(turn.state.contact, run.vars))
  if (!rendered.ok) return rendered
  const url = rendered.text.trim()
  if (url === '') skip(turn, run, 'empty-url')
  else emit(turn, run, { type: 'image', url })
  return said()
}

function addChip(turn: Turn, run: RunState, chip: DraftChip, chips: OutgoingChip[], choices: Choice[]): void {
  const { port, type, title } = chip
  const node = nodeOf(run) ?? ''
  if (type !== 'text') {
    chips.push({ type })
  } else if (title.trim() === '') {
    skip(turn, run, 'empty-title')
    return
  } else {
    if (isOver('chipTitle', title)) record(turn, 'title-too-long', { flow: run.flow, node, detail: title })
    chips.push({ type, title, payload: encodeTap({ flow: run.flow, version: run.version, node, port }) })
  }
  choices.push({ port, title, type })
}

const skip = (turn: Turn, run: RunState, why: 'empty-text' | 'empty-title' | 'empty-url' | 'silenced'): void => {
  turn.trace.push({ type: 'skip', run: run.id, node: nodeOf(run) ?? '', why })
}

function emit(turn: Turn, run: RunState, message: OutgoingMessage): void {
  const { state, program } = turn
  // Runs do not go on in these states; should one ever, it does so in silence.
  if (state.hold.by !== 'bot' || state.optedOut) {
    skip(turn, run, 'silenced')
    return
  }
  const author = { type: 'bot', flow: run.flow, version: run.version, node: nodeOf(run) ?? '', run: run.id } as const
  noteWord(turn)
  if (state.disclosureDue) {
    state.disclosureDue = false
    const { disclosure } = program.settings
    if (disclosure !== null && disclosure.trim() !== '') {
      for (const text of splitText(disclosure, limits.text.max)) send(turn, { type: 'text', text }, author)
    }
  }
  send(turn, message, author)
}
