import { AppError } from '@/lib/errors'
import type { Context } from './context'
import * as events from './events'
import { digits, newMediaId, newSignature } from './ids'
import type { Account, Message, Person, Thread } from './model'
import { shownChips } from './view'

/** What people do on their phones, and what the account's owner does in the Instagram app. Each makes its webhook. */

export interface Said {
  text?: string
  images?: (string | { base64: string; contentType: string })[]
  replyTo?: string
  story?: { id?: string; url?: string }
  isUnsupported?: boolean
}

/** The smallest PNG: what a picture is when nobody says which. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Keeps a picture and gives its address on the stand-in for Meta's content network; it needs no token. */
export function keepMedia(context: Context, base64 = PIXEL, contentType = 'image/png'): string {
  const media = { id: newMediaId(), signature: newSignature(), contentType, base64, isGone: false }
  context.world.saveMedia(media)
  return `${context.url}/lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=${media.id}&signature=${media.signature}`
}

function mayAct(person: Person, account: Account): void {
  if (person.blocked.includes(account.igId)) {
    throw new AppError('conflict', `${person.username} has blocked this account; unblock it first (POST …/unblock).`)
  }
}

/** @throws AppError not-found when the message is not in the thread. */
function messageIn(context: Context, thread: Thread | undefined, mid: string): Message {
  const message = thread && context.world.messages.get(mid)
  if (!thread || !message || message.igId !== thread.igId || message.igsid !== thread.igsid) {
    throw new AppError('not-found', 'There is no such message in this thread; GET the thread to see its mids.')
  }
  return message
}

function threadBetween(context: Context, person: Person, account: Account): Thread {
  const igsid = person.igsids[account.igId]
  const thread = igsid ? context.world.threadOf(account.igId, igsid) : undefined
  if (!thread) throw new AppError('conflict', `${person.username} has no thread with this account yet; let her write first.`)
  return thread
}

/** A person's message, tap or postback: it opens the window. */
function personSays(
  context: Context,
  account: Account,
  person: Person,
  said: Partial<Message>,
): { thread: Thread; message: Message } {
  mayAct(person, account)
  const now = context.clock.now()
  const thread = context.world.openThread(account, person, now)
  thread.lastPersonAt = now
  const message = context.world.add(thread, { at: now, from: 'person', via: 'person', ...said })
  return { thread, message }
}

export function write(context: Context, account: Account, person: Person, said: Said): Message {
  const known = person.igsids[account.igId]
  if (said.replyTo !== undefined)
    messageIn(context, known ? context.world.threadOf(account.igId, known) : undefined, said.replyTo)
  const images = (said.images ?? []).map((image) =>
    typeof image === 'string' ? image : keepMedia(context, image.base64, image.contentType),
  )
  const story = said.story && { storyId: said.story.id ?? newMediaId(), storyUrl: said.story.url ?? keepMedia(context) }
  const { thread, message } = personSays(context, account, person, {
    text: said.text ?? null,
    images,
    replyTo: story ?? (said.replyTo === undefined ? null : { mid: said.replyTo }),
    isUnsupported: said.isUnsupported ?? false,
  })
  context.deliveries.enqueue(account, thread.igsid, events.messageElement(thread, message))
  return message
}

export type ChipChoice = { title: string } | { index: number } | { payload: string }

/** Taps a chip that stands on her screen; all chips are gone afterwards. @throws AppError conflict, naming the chips shown. */
export function tap(context: Context, account: Account, person: Person, choice: ChipChoice): Message {
  mayAct(person, account)
  const shown = shownChips(context.world, threadBetween(context, person, account), person)
  const matching = shown.filter((chip) => {
    if ('index' in choice) return chip.index === choice.index
    if ('payload' in choice) return chip.payload === choice.payload
    return chip.title === choice.title || chip.fullTitle === choice.title
  })
  const [chip] = matching
  const names = shown.map((one) => one.title)
  if (!chip) throw new AppError('conflict', `No such chip is shown now; shown: ${JSON.stringify(names)}.`, { shown })
  if (matching.length > 1) throw new AppError('conflict', 'Several chips look like this; say which by index.', { shown })
  const { thread, message } = personSays(context, account, person, {
    text: chip.fullTitle,
    payload: chip.payload ?? chip.fullTitle,
  })
  thread.chipsOf = null
  context.world.touch(thread)
  context.deliveries.enqueue(account, thread.igsid, events.messageElement(thread, message))
  return message
}

/** An ice breaker, a menu item or a template's button. */
export function tapPostback(
  context: Context,
  account: Account,
  person: Person,
  tapped: { payload: string; title: string },
): Message {
  const { thread, message } = personSays(context, account, person, {
    text: tapped.title,
    payload: tapped.payload,
    isPostback: true,
  })
  context.deliveries.enqueue(account, thread.igsid, events.postbackElement(thread, message, account.settings.postbackMid))
  return message
}

/** Reads up to the newest message of the account. @throws AppError conflict when there is none. */
export function read(context: Context, account: Account, person: Person): Message {
  mayAct(person, account)
  const thread = threadBetween(context, person, account)
  const newest = context.world.messagesOf(thread).findLast((message) => message.from === 'account')
  if (!newest) throw new AppError('conflict', 'The account has said nothing yet: there is nothing to read.')
  thread.readMid = newest.mid
  context.world.touch(thread)
  context.deliveries.enqueue(account, thread.igsid, events.readElement(thread, context.clock.now(), newest.mid))
  return newest
}

/** Reacts to a message, or with null takes the reaction back. */
export function react(context: Context, account: Account, person: Person, mid: string, reaction: Message['reaction']): Message {
  mayAct(person, account)
  const thread = threadBetween(context, person, account)
  const message = messageIn(context, thread, mid)
  message.reaction = reaction
  context.world.touch(thread, message)
  context.deliveries.enqueue(account, thread.igsid, events.reactionElement(thread, context.clock.now(), mid, reaction))
  return message
}

function ownMessage(context: Context, account: Account, person: Person, mid: string): { thread: Thread; message: Message } {
  mayAct(person, account)
  const thread = threadBetween(context, person, account)
  const message = messageIn(context, thread, mid)
  if (message.from !== 'person' || message.isUnsent)
    throw new AppError('conflict', 'Only a message of her own that is still there can be changed.')
  return { thread, message }
}

/** Takes a message back: its pictures are gone from the content network too. */
export function unsend(context: Context, account: Account, person: Person, mid: string): Message {
  const { thread, message } = ownMessage(context, account, person, mid)
  message.isUnsent = true
  for (const url of message.images) {
    const media = context.world.media.get(new URL(url).searchParams.get('asset_id') ?? '')
    if (media) context.world.saveMedia({ ...media, isGone: true })
  }
  context.world.touch(thread, message)
  context.deliveries.enqueue(account, thread.igsid, events.unsendElement(thread, context.clock.now(), mid))
  return message
}

export function edit(context: Context, account: Account, person: Person, mid: string, text: string): Message {
  const { thread, message } = ownMessage(context, account, person, mid)
  if (message.text === null) throw new AppError('conflict', 'Only a text can be edited.')
  message.text = text
  message.edits += 1
  context.world.touch(thread, message)
  context.deliveries.enqueue(account, thread.igsid, events.editElement(thread, context.clock.now(), message))
  return message
}

export function setBlocked(context: Context, account: Account, person: Person, isBlocked: boolean): void {
  person.blocked = person.blocked.filter((igId) => igId !== account.igId)
  if (isBlocked) person.blocked.push(account.igId)
  context.world.savePerson(person)
}

/** The owner answers in the Instagram app: an echo that nobody here sent. No window holds there. */
export function ownerWrites(
  context: Context,
  account: Account,
  person: Person,
  said: { text?: string; images?: string[] },
): Message {
  const thread = threadBetween(context, person, account)
  const now = context.clock.now()
  thread.chipsOf = null
  thread.typingAt = null
  thread.seenAt = now
  const message = context.world.add(thread, {
    at: now,
    from: 'account',
    via: 'app',
    text: said.text ?? null,
    images: said.images ?? [],
  })
  context.deliveries.enqueue(account, thread.igsid, events.echoElement(thread, message, null))
  return message
}

export function newPerson(context: Context, wish: Partial<Person> & { name?: string; username?: string }): Person {
  const id = `person_${digits('', 12)}`
  const person: Person = {
    id,
    name: wish.name ?? wish.username ?? 'Someone',
    username: wish.username ?? `user.${id.slice(-8)}`,
    email: wish.email ?? null,
    phone: wish.phone ?? null,
    followsAccounts: wish.followsAccounts ?? false,
    igsids: {},
    blocked: [],
  }
  context.world.savePerson(person)
  return person
}
