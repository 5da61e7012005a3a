import { randomUUID } from 'node:crypto'
import type { MessageStatus, ThreadAuthor, ThreadContent } from '@/lib/db/schema/conversation'
import type { Author, Effect } from '@/lib/flow/effect'
import type { LaneEvent } from '@/lib/flow/event'
import type { OutgoingMessage } from '@/lib/flow/message'
import type { LaneState } from '@/lib/flow/state'
import { fingerprintOfMessage } from './fingerprint'
import type { ClaimedLane } from './sql/claim-lanes'

/** An outbox row to be; its out_seq is given when it is written. */
export interface NewSend {
  messageId: string
  eventId: string
  effectIx: number
  author: Author
  run: string | null
  message: OutgoingMessage
  fingerprint: string
  status: 'pending' | 'cancelled'
  reason: string | null
}

export interface NewMessage {
  id: string
  author: ThreadAuthor
  content: ThreadContent
  mid: string | null
  status: MessageStatus
  reason: string | null
  clientId: string | null
  atMs: number
}

/** A change to rows of the thread that are already there, found by mid. */
export type MessageMark =
  | { type: 'seen'; mid: string; atMs: number }
  | { type: 'delivered'; mid: string; atMs: number }
  | { type: 'unsent'; mid: string }
  | { type: 'edited'; mid: string; text: string; atMs: number }

/** All that one lane's step leaves behind, in memory until the transaction writes it. */
export interface LaneWrites {
  lane: ClaimedLane
  /** The person had never written before. */
  isNew: boolean
  readVersion: number
  state: LaneState
  applied: { id: string; decided: { foreign?: boolean; outSeq?: number } | null }[]
  programId: string | null
  sends: NewSend[]
  messages: NewMessage[]
  marks: MessageMark[]
  /** The last word on each timer: when it is due, or null to forget it. */
  timers: Map<string, { generation: number; fireAt: number } | null>
  cancels: { run: string | null; reason: string }[]
  /** Rows that an echo is taken for. */
  echoed: { outSeq: number; mid: string }[]
  /** Milliseconds of the newest thing said, if anything was. */
  lastMessageMs: number | null
  needsAttention: boolean
  deadLetters: { eventId: string; error: string }[]
  hasMore: boolean
}

/** Why the later messages of a run are not sent. */
export const RUN_FAILED = 'An earlier message of this run failed.'

const says = (message: NewMessage) => message.content.type !== 'record'

/** Adds what one effect asks for. Nothing is done here: rows only. */
export function addEffect(writes: LaneWrites, event: LaneEvent, effect: Effect, effectIx: number): void {
  switch (effect.type) {
    case 'send':
      addSend(writes, event, effect, effectIx)
      return
    case 'set-timer':
      writes.timers.set(effect.timerId, { generation: effect.generation, fireAt: effect.fireAt })
      return
    case 'cancel-timer':
      writes.timers.set(effect.timerId, null)
      return
    case 'cancel-sends': {
      writes.cancels.push({ run: effect.run, reason: effect.reason })
      for (const send of writes.sends) {
        const isMeant = send.author.type === 'bot' && (effect.run === null || send.run === effect.run)
        if (!isMeant || send.status !== 'pending') continue
        send.status = 'cancelled'
        send.reason = effect.reason
        const row = writes.messages.find((message) => message.id === send.messageId)
        if (row) Object.assign(row, { status: 'cancelled', reason: effect.reason })
      }
      return
    }
    case 'record': {
      const { code, severity, flow, node, detail, by } = effect
      if (severity === 'problem') writes.needsAttention = true
      addMessage(writes, {
        author: { type: 'record', by },
        content: { type: 'record', code, severity, flow, node, detail },
        status: 'noted',
        atMs: event.at,
      })
      return
    }
    default:
      effect satisfies never
  }
}

function addSend(writes: LaneWrites, event: LaneEvent, effect: Extract<Effect, { type: 'send' }>, effectIx: number): void {
  const { author, message } = effect
  const row = addMessage(writes, {
    author,
    content: { type: 'said', message },
    status: 'pending',
    clientId: author.type === 'agent' ? author.clientId : null,
    atMs: event.at,
  })
  writes.sends.push({
    messageId: row.id,
    eventId: event.id,
    effectIx,
    author,
    run: author.type === 'bot' ? author.run : null,
    message,
    fingerprint: fingerprintOfMessage(message),
    status: 'pending',
    reason: null,
  })
}

export function addMessage(
  writes: LaneWrites,
  given: Pick<NewMessage, 'author' | 'content' | 'status' | 'atMs'> & Partial<NewMessage>,
): NewMessage {
  const message: NewMessage = { id: randomUUID(), mid: null, reason: null, clientId: null, ...given }
  writes.messages.push(message)
  if (says(message)) writes.lastMessageMs = Math.max(writes.lastMessageMs ?? 0, message.atMs)
  return message
}
