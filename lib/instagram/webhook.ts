import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { EventOf } from '@/lib/flow/event'
import { cleanText } from './clean-text'
import { parseLossless } from './lossless-json'

type HeardType = 'message' | 'postback' | 'reaction' | 'seen' | 'unsent' | 'edited' | 'unknown' | 'echo'
/** A lane event as Instagram tells it; `foreign` of an echo is decided when it is applied, and starts out false. */
export type HeardEvent = { [T in HeardType]: Omit<EventOf<T>, 'id' | 'at' | 'chance'> }[HeardType]

/** One thing that happened between an account and a person. */
export interface Heard {
  accountId: string
  igsid: string
  event: HeardEvent
  /** The same thing told again has the same key. */
  dedupeKey: string
}

/** An element that is signed but cannot be taken in, exactly as it came. */
export interface Quarantined {
  accountId: string | null
  reason: string
  element: string
}

export interface WebhookReading {
  heard: Heard[]
  quarantined: Quarantined[]
}

/** Ids are opaque; the bound keeps them indexable. Meta's mids have about 200 characters. */
const Id = z
  .union([z.string(), z.int()])
  .transform(String)
  .pipe(z.string().regex(/^[\x21-\x7e]{1,512}$/))
const Party = z.looseObject({ id: Id })
const Text = z.string().transform(cleanText)
const Attachment = z.looseObject({
  type: Text,
  payload: z.looseObject({ url: Text.nullish() }).nullish(),
})
const Item = z.looseObject({
  sender: Party.optional(),
  recipient: Party.optional(),
  timestamp: z.unknown().optional(),
  message: z
    .looseObject({
      mid: Id,
      text: Text.nullish(),
      is_echo: z.boolean().optional(),
      is_deleted: z.boolean().optional(),
      is_unsupported: z.boolean().optional(),
      attachments: z.array(Attachment).optional(),
      quick_reply: z.looseObject({ payload: Text }).optional(),
      reply_to: z.looseObject({ mid: Id.optional(), story: z.looseObject({ url: Text.nullish() }).optional() }).nullish(),
    })
    .optional(),
  postback: z.looseObject({ mid: Id.nullish(), title: Text.nullish(), payload: Text.nullish() }).optional(),
  reaction: z.looseObject({ mid: Id, action: z.string(), emoji: Text.nullish(), reaction: Text.nullish() }).optional(),
  read: z.looseObject({ mid: Id }).optional(),
  message_edit: z.looseObject({ mid: Id, text: Text.nullish(), num_edit: z.number() }).optional(),
})
type Item = z.infer<typeof Item>

const Entry = z.looseObject({
  id: Id,
  time: z.unknown().optional(),
  messaging: z.array(z.unknown()).optional(),
  standby: z.array(z.unknown()).optional(),
  changes: z.array(z.unknown()).optional(),
})
const Envelope = z.looseObject({ object: z.string(), entry: z.array(z.unknown()) })

/** Milliseconds from what Meta calls a timestamp: ms, seconds, as number or string; nonsense becomes the time of receipt. */
export function metaTime(value: unknown, receivedAt: number): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return receivedAt
  const ms = number < 1e11 ? number * 1000 : number
  // Outside of these it is nonsense: before Instagram existed, or after 2099. A time ahead of us is capped where it is used.
  return ms < 1_286_000_000_000 || ms > 4_102_444_800_000 ? receivedAt : Math.round(ms)
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** What happened, and the key that the same happening always has; null when nothing in it is understood. */
function readItem(item: Item, accountId: string, sentAt: number, raw: string): { event: HeardEvent; dedupeKey: string } | null {
  const { message, postback, reaction, read, message_edit: edit } = item
  if (message) {
    const { mid } = message
    if (message.is_deleted) return { event: { type: 'unsent', sentAt, mid }, dedupeKey: `unsent:${mid}` }
    const attachments = (message.attachments ?? []).map(({ type, payload }) => ({ type, url: payload?.url ?? null }))
    // What the account said is never a person's message, marked as an echo or not: answering it would never end.
    if (message.is_echo || item.sender?.id === accountId) {
      return {
        event: { type: 'echo', sentAt, mid, text: message.text ?? null, attachments, foreign: false },
        dedupeKey: `echo:${mid}`,
      }
    }
    if (message.is_unsupported && attachments.length === 0) attachments.push({ type: 'unsupported', url: null })
    const replyTo = message.reply_to?.mid
      ? { mid: message.reply_to.mid }
      : message.reply_to?.story
        ? { storyUrl: message.reply_to.story.url ?? null }
        : null
    return {
      event: {
        type: 'message',
        sentAt,
        mid,
        text: message.text ?? null,
        chip: message.quick_reply?.payload ?? null,
        attachments,
        replyTo,
      },
      dedupeKey: `message:${mid}`,
    }
  }
  if (postback) {
    const payload = postback.payload ?? ''
    // Older deliveries have no mid: the tap is known by when it happened and what it carried.
    const key = postback.mid ?? digest(`${item.sender?.id} ${sentAt} ${payload}`)
    return {
      event: { type: 'postback', sentAt, mid: postback.mid ?? null, title: postback.title ?? '', payload },
      dedupeKey: `postback:${key}`,
    }
  }
  if (reaction) {
    const isReact = reaction.action === 'react'
    const emoji = isReact ? (reaction.emoji ?? reaction.reaction ?? '') : null
    return {
      event: { type: 'reaction', sentAt, mid: reaction.mid, emoji },
      dedupeKey: `reaction:${digest(`${reaction.mid} ${item.sender?.id} ${reaction.action} ${emoji} ${sentAt}`)}`,
    }
  }
  if (read) return { event: { type: 'seen', sentAt, mid: read.mid }, dedupeKey: `seen:${read.mid}` }
  // num_edit 0 announces a message that Meta does not show; it is kept as unknown.
  if (edit && edit.num_edit > 0 && typeof edit.text === 'string') {
    return { event: { type: 'edited', sentAt, mid: edit.mid, text: edit.text }, dedupeKey: `edited:${edit.mid}:${edit.num_edit}` }
  }
  return { event: { type: 'unknown', sentAt }, dedupeKey: `unknown:${digest(raw)}` }
}

/** Who the two sides are. An echo's sender is the account; everything else comes from the person. */
function parties(item: Item, accountId: string): { igsid: string } | { reason: string } {
  const sender = item.sender?.id
  const recipient = item.recipient?.id
  if (sender === undefined || recipient === undefined) return { reason: 'It names no sender or no recipient.' }
  if (sender === accountId && recipient === accountId) return { reason: 'The account wrote to itself.' }
  if (sender === accountId) return { igsid: recipient }
  if (recipient === accountId) return { igsid: sender }
  return { reason: 'Neither side is the account that the entry is for.' }
}

/**
 * A webhook body as what happened, in order. Never throws and never drops: what cannot be read is quarantined, element by
 * element, and its neighbours are unharmed. `receivedAt` is milliseconds since 1970.
 * Source: Instagram Platform, Webhooks and Webhooks Examples.
 */
export function readWebhook(body: Uint8Array, receivedAt: number): WebhookReading {
  const reading: WebhookReading = { heard: [], quarantined: [] }
  const quarantine = (accountId: string | null, reason: string, element: unknown) =>
    reading.quarantined.push({
      accountId,
      reason: cleanText(reason),
      element: cleanText(typeof element === 'string' ? element : (JSON.stringify(element) ?? 'null')),
    })
  const text = new TextDecoder('utf-8').decode(body)
  let json: unknown
  try {
    json = parseLossless(text)
  } catch {
    quarantine(null, 'The body is not JSON.', text)
    return reading
  }
  for (const wrapped of Array.isArray(json) ? json : [json]) {
    const envelope = Envelope.safeParse(wrapped)
    if (!envelope.success) quarantine(null, 'It has no object or no list of entries.', wrapped)
    else if (envelope.data.object !== 'instagram')
      quarantine(null, `It is about "${envelope.data.object.slice(0, 40)}", not instagram.`, wrapped)
    else for (const entry of envelope.data.entry) readEntry(entry, receivedAt, reading.heard, quarantine)
  }
  return reading
}

function readEntry(
  raw: unknown,
  receivedAt: number,
  heard: Heard[],
  quarantine: (accountId: string | null, reason: string, element: unknown) => void,
): void {
  const entry = Entry.safeParse(raw)
  if (!entry.success) {
    quarantine(null, 'The entry has no usable id.', raw)
    return
  }
  const { id: accountId, time, messaging, standby, changes } = entry.data
  if (accountId === '0') {
    quarantine(null, "It is a test of Meta's dashboard.", raw)
    return
  }
  for (const element of messaging ?? []) {
    const item = Item.safeParse(element)
    if (!item.success) {
      quarantine(accountId, `It cannot be read at ${item.error.issues[0]?.path.join('.') || 'its root'}.`, element)
      continue
    }
    const sides = parties(item.data, accountId)
    if ('reason' in sides) {
      quarantine(accountId, sides.reason, element)
      continue
    }
    const sentAt = metaTime(item.data.timestamp ?? time, receivedAt)
    const read = readItem(item.data, accountId, sentAt, JSON.stringify(element))
    if (read) heard.push({ accountId, igsid: sides.igsid, ...read })
  }
  for (const element of standby ?? []) quarantine(accountId, 'Another app holds the thread (standby).', element)
  for (const element of changes ?? []) quarantine(accountId, 'Changes such as comments are not handled yet.', element)
  if (!messaging && !standby && !changes) quarantine(accountId, 'The entry brings nothing that is known.', raw)
}
