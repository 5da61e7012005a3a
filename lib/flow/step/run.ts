import type { RecordCode } from '../effect'
import type { FlowDocument, FlowNode } from '../flow'
import { type FlowIndex, indexOf } from '../flow-index'
import { type AnyKind, findKind } from '../nodes/registry'
import { versionKey } from '../program'
import type { RunState, Vars } from '../state'
import { askForPeople, cancelRunTimers, cancelSends, record, type Turn } from './turn'

/** Beginnings and ends of runs, and where a run is. */

export const documentOf = (turn: Turn, flow: string, version: number): FlowDocument | undefined => {
  const key = versionKey(flow, version)
  return Object.hasOwn(turn.program.flows, key) ? turn.program.flows[key] : undefined
}

/** Where a run is. */
export interface Spot {
  index: FlowIndex
  node: FlowNode
  kind: AnyKind
}

/** Null: the version, the node or its kind is not known here any more. */
export function spotOf(turn: Turn, run: RunState): Spot | null {
  const frame = run.frames.at(-1)
  const document = frame && documentOf(turn, frame.flow, frame.version)
  if (frame === undefined || document === undefined) return null
  const index = indexOf(document)
  const node = index.nodes.get(frame.node)
  const kind = node && findKind(node.kind)
  return node === undefined || kind === undefined ? null : { index, node, kind }
}

export const nodeOf = (run: RunState): string | null => run.frames.at(-1)?.node ?? null

export const defaultsOf = (document: FlowDocument): Vars =>
  Object.fromEntries(document.variables.map((variable) => [variable.name, variable.default]))

const idle: RunState['waiting'] = { for: 'answer', choices: [], timers: [] }

/** The run at another node of its own version, waiting for nothing yet. */
export const at = (run: RunState, node: string): RunState => ({
  ...run,
  frames: [{ flow: run.flow, version: run.version, node }],
  waiting: idle,
})

interface NewRun {
  flow: string
  version: number
  node: string
  trigger: string | null
  vars: Vars
}

/** Puts a new run at `node`; a live one ends superseded. The id is the event's: the same event gives the same run. */
export function beginRun(turn: Turn, { flow, version, node, trigger, vars }: NewRun): void {
  endRun(turn, 'run-superseded')
  const id = `run-${turn.event.id}`
  turn.state.lastRun = null
  turn.state.run = { id, flow, version, trigger, frames: [{ flow, version, node }], vars, waiting: idle }
  record(turn, 'run-started', { flow, node })
  turn.trace.push({ type: 'start', run: id, flow, version, node })
}

type EndCode = Extract<RecordCode, 'run-ended' | 'run-superseded' | 'run-timed-out' | 'run-failed' | 'run-stuck'>

/** Ends the live run, if there is one. `code` null: something else is recorded that says it all. */
export function endRun(turn: Turn, code: EndCode | null, detail: string | null = null, node: string | null = null): void {
  cancelRunTimers(turn)
  const { run } = turn.state
  if (run === null) return
  turn.state.run = null
  turn.state.lastRun = code === 'run-ended' ? { id: run.id, flow: run.flow, version: run.version, vars: run.vars } : null
  if (code !== null) record(turn, code, { flow: run.flow, node: node ?? nodeOf(run), detail })
  turn.trace.push({ type: 'end', run: run.id, why: code ?? 'opted-out' })
}

/** The run cannot go on and nobody drew what then: its unsent words are taken back and the person is put in the queue. */
export function endStuck(turn: Turn, detail: string): void {
  const id = turn.state.run?.id ?? null
  endRun(turn, 'run-stuck', detail)
  if (id !== null) cancelSends(turn, id, 'run-stuck')
  askForPeople(turn, detail)
}

/** The run could not do what its node says. What it said before that stays said; the person is put in the queue. */
export function endFailed(turn: Turn, detail: string): void {
  endRun(turn, 'run-failed', detail)
  askForPeople(turn, detail)
}
