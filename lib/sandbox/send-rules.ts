import { graphErrors } from './graph-error'
import {
  CHIPS,
  HUMAN_AGENT_MS,
  IMAGES,
  METADATA_CHARACTERS,
  PAYLOAD_CHARACTERS,
  TEXT_BYTES,
  URL_CHARACTERS,
  WINDOW_MS,
} from './limits'
import type { SentChip, Settings } from './model'

export type Params = Record<string, unknown>

export type Send = { recipient: string; isHumanAgent: boolean } & (
  | { type: 'message'; text: string | null; images: string[]; chips: SentChip[]; metadata: string | null }
  | { type: 'action'; action: 'typing_on' | 'typing_off' | 'mark_seen' }
)

const isRecord = (value: unknown): value is Params => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Form bodies and queries carry objects as JSON text. */
function unfold(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function record(value: unknown, name: string): Params {
  const unfolded = unfold(value)
  if (!isRecord(unfolded)) throw graphErrors.invalid(`param ${name} must be a JSON object.`)
  return unfolded
}

function onlyKeys(value: Params, name: string, allowed: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !allowed.includes(key))
  if (unknown.length > 0) throw graphErrors.invalid(`Invalid keys "${unknown.join(', ')}" were found in param "${name}".`)
}

function readChip(value: unknown, index: number): SentChip {
  const name = `message[quick_replies][${index}]`
  const chip = record(value, name)
  if (chip.content_type === 'user_email' || chip.content_type === 'user_phone_number') return { content_type: chip.content_type }
  if (chip.content_type !== 'text') {
    throw graphErrors.invalid(`param ${name}[content_type] must be one of {TEXT, USER_EMAIL, USER_PHONE_NUMBER}.`)
  }
  onlyKeys(chip, name, ['content_type', 'title', 'payload'])
  const { title, payload } = chip
  if (typeof title !== 'string' || title.trim() === '')
    throw graphErrors.invalid(`param ${name}[title] must be a non-empty string.`)
  if (typeof payload !== 'string' || payload === '')
    throw graphErrors.invalid(`param ${name}[payload] must be a non-empty string.`)
  if ([...payload].length > PAYLOAD_CHARACTERS) {
    throw graphErrors.invalid(`param ${name}[payload] must be at most ${PAYLOAD_CHARACTERS} characters long.`)
  }
  return { content_type: 'text', title, payload }
}

function readImage(value: unknown, name: string): string {
  const attachment = record(value, name)
  onlyKeys(attachment, name, ['type', 'payload'])
  if (attachment.type !== 'image') {
    const known = ['audio', 'video', 'file', 'template', 'like_heart', 'MEDIA_SHARE'].includes(String(attachment.type))
    throw known
      ? graphErrors.notYet(`An attachment of type ${attachment.type}`)
      : graphErrors.invalid(`param ${name}[type] is not a known type.`)
  }
  const payload = record(attachment.payload, `${name}[payload]`)
  if ('attachment_id' in payload || 'is_reusable' in payload) throw graphErrors.notYet('A reusable attachment')
  onlyKeys(payload, `${name}[payload]`, ['url'])
  const { url } = payload
  const isUrl = typeof url === 'string' && URL.canParse(url) && /^https?:\/\/[^\s]+$/i.test(url)
  if (!isUrl || url.length > URL_CHARACTERS) throw graphErrors.invalid(`param ${name}[payload][url] should represent a valid URL`)
  return url
}

function readImages(message: Params): string[] {
  if (message.attachment !== undefined && message.attachments !== undefined) {
    throw graphErrors.invalid('Only one of attachment and attachments may be given.')
  }
  if (message.attachment !== undefined) return [readImage(message.attachment, 'message[attachment]')]
  if (message.attachments === undefined) return []
  const list = unfold(message.attachments)
  if (!Array.isArray(list) || list.length === 0)
    throw graphErrors.invalid('param message[attachments] must be a non-empty array.')
  if (list.length > IMAGES) throw graphErrors.invalid(`param message[attachments] must have at most ${IMAGES} elements.`)
  return list.map((one, index) => readImage(one, `message[attachments][${index}]`))
}

function readMessage(value: unknown) {
  const message = record(value, 'message')
  onlyKeys(message, 'message', ['text', 'attachment', 'attachments', 'quick_replies', 'metadata'])
  const images = readImages(message)
  const { text, metadata } = message
  if (text !== undefined && typeof text !== 'string') throw graphErrors.invalid('param message[text] must be a string.')
  if (metadata !== undefined && (typeof metadata !== 'string' || [...metadata].length > METADATA_CHARACTERS)) {
    throw graphErrors.invalid(`param message[metadata] must be a string of at most ${METADATA_CHARACTERS} characters.`)
  }
  if (text !== undefined && images.length > 0) throw graphErrors.invalid('Text and attachments cannot be sent in one message.')
  if (images.length === 0 && (text === undefined || text.trim() === '')) {
    throw graphErrors.invalid('Message cannot be empty, must provide valid attachment or text')
  }
  if (text !== undefined && Buffer.byteLength(text, 'utf8') > TEXT_BYTES) {
    throw graphErrors.invalid(`Length of param message[text] must be less than or equal to ${TEXT_BYTES} bytes in UTF-8.`)
  }
  const quick = unfold(message.quick_replies)
  if (quick !== undefined && !Array.isArray(quick)) throw graphErrors.invalid('param message[quick_replies] must be an array.')
  const chips = ((quick ?? []) as unknown[]).map(readChip)
  if (chips.length > CHIPS) throw graphErrors.invalid(`param message[quick_replies] must have at most ${CHIPS} elements.`)
  if (chips.length > 0 && text === undefined) throw graphErrors.invalid('Quick replies need a text.')
  return { type: 'message', text: text ?? null, images, chips, metadata: metadata ?? null } as const
}

function readAction(action: unknown) {
  if (action === 'react' || action === 'unreact') throw graphErrors.notYet(`sender_action ${action}`)
  if (action !== 'typing_on' && action !== 'typing_off' && action !== 'mark_seen') {
    throw graphErrors.invalid('param sender_action must be one of {TYPING_ON, TYPING_OFF, MARK_SEEN, REACT, UNREACT}.')
  }
  return { type: 'action', action } as const
}

/** @throws GraphError 100 when the tag or the messaging type is not one that Instagram knows. */
function readTag(params: Params): boolean {
  const { messaging_type: type, tag } = params
  if (type !== undefined && type !== 'RESPONSE' && type !== 'UPDATE' && type !== 'MESSAGE_TAG') {
    throw graphErrors.invalid('param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}.')
  }
  if (tag !== undefined && tag !== 'HUMAN_AGENT') throw graphErrors.invalid('Invalid parameter: the tag is not supported.')
  if (type === 'MESSAGE_TAG' && tag === undefined)
    throw graphErrors.invalid('param tag must be given when messaging_type is MESSAGE_TAG.')
  if (tag !== undefined && type !== undefined && type !== 'MESSAGE_TAG') {
    throw graphErrors.invalid('param messaging_type must be MESSAGE_TAG when a tag is given.')
  }
  return tag === 'HUMAN_AGENT'
}

/** What a call of `/messages` asks for. @throws GraphError 100 for everything that Instagram would not understand. */
export function readSend(params: Params): Send {
  const recipient = record(params.recipient, 'recipient')
  if ('comment_id' in recipient) throw graphErrors.notYet('A private reply to a comment')
  onlyKeys(recipient, 'recipient', ['id'])
  if (typeof recipient.id !== 'string' || !/^\d+$/.test(recipient.id))
    throw graphErrors.invalid('param recipient[id] must be an Instagram-scoped id.')
  if (params.reply_to !== undefined) throw graphErrors.notYet('reply_to')
  if (params.thread_control !== undefined) throw graphErrors.notYet('thread_control')
  if (params.message !== undefined && params.sender_action !== undefined) {
    throw graphErrors.invalid('Cannot send a message and a sender_action at the same time.', 2018014)
  }
  const isHumanAgent = readTag(params)
  const content = params.sender_action === undefined ? readMessage(params.message) : readAction(params.sender_action)
  return { recipient: recipient.id, isHumanAgent, ...content }
}

export interface ThreadFacts {
  isBlocked: boolean
  /** Milliseconds since 1970; 0 when she never wrote. */
  lastPersonAt: number
}

/** May this go to this person now? `facts` is null when she has no thread with the account. @throws GraphError when not. */
export function judgeSend(send: Send, facts: ThreadFacts | null, settings: Settings, now: number): asserts facts is ThreadFacts {
  if (!facts) throw graphErrors.noMatchingUser()
  if (facts.isBlocked) throw graphErrors.unavailable(settings.blockedCode)
  if (send.type === 'action' && send.action !== 'typing_on') return
  if (send.isHumanAgent && !settings.humanAgent) throw graphErrors.noHumanAgent()
  const since = now - facts.lastPersonAt
  if (since > (send.isHumanAgent ? HUMAN_AGENT_MS : WINDOW_MS)) throw graphErrors.outsideWindow()
}
