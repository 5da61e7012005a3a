import { CHIP_TITLE_SHOWN, TYPING_MS } from './limits'
import type { Message, Person, SentChip, Thread } from './model'
import type { World } from './world'

/** A chip as it stands on the person's screen. */
export interface ShownChip {
  index: number
  /** Cut off after 20 characters, as Instagram's app does. */
  title: string
  fullTitle: string
  /** Null for e-mail and phone chips, whose tap brings the value itself. */
  payload: string | null
  type: SentChip['content_type']
}

const shortened = (title: string) => [...title].slice(0, CHIP_TITLE_SHOWN).join('')

/** What stands under the thread now. E-mail and phone chips show only when the person's profile has the value. */
export function shownChips(world: World, thread: Thread, person: Person): ShownChip[] {
  const chips = thread.chipsOf === null ? [] : (world.messages.get(thread.chipsOf)?.chips ?? [])
  return chips
    .flatMap((chip): Omit<ShownChip, 'index'>[] => {
      if (chip.content_type === 'text') {
        return [{ title: shortened(chip.title), fullTitle: chip.title, payload: chip.payload, type: 'text' }]
      }
      const value = chip.content_type === 'user_email' ? person.email : person.phone
      return value === null ? [] : [{ title: shortened(value), fullTitle: value, payload: null, type: chip.content_type }]
    })
    .map((chip, index) => ({ index, ...chip }))
}

function shownMessage(message: Message) {
  return {
    seq: message.seq,
    order: message.order,
    mid: message.mid,
    at: message.at,
    from: message.from,
    via: message.via,
    text: message.isUnsent ? null : message.text,
    images: message.isUnsent ? [] : message.images,
    chips: message.chips.map((chip) => (chip.content_type === 'text' ? shortened(chip.title) : chip.content_type)),
    payload: message.payload,
    isPostback: message.isPostback,
    replyTo: message.replyTo,
    tag: message.tag,
    isUnsupported: message.isUnsupported,
    isUnsent: message.isUnsent,
    edits: message.edits,
    reaction: message.reaction?.emoji ?? null,
  }
}

/** The thread as the person sees it, oldest first; with `after`, only the messages that are new or changed since. */
export function threadView(world: World, thread: Thread | undefined, person: Person, igId: string, now: number, after = 0) {
  if (!thread) {
    return {
      person: person.id,
      igId,
      igsid: null,
      seq: 0,
      messages: [],
      chips: [],
      seen: { byPerson: null, byAccountAt: null },
      isTyping: false,
    }
  }
  return {
    person: person.id,
    igId,
    igsid: thread.igsid,
    /** Give it back as `after` to hear what is new. */
    seq: thread.seq,
    conversationId: thread.conversationId,
    messages: world
      .messagesOf(thread)
      .filter((message) => message.seq > after)
      .map(shownMessage),
    chips: shownChips(world, thread, person),
    seen: { byPerson: thread.readMid, byAccountAt: thread.seenAt },
    isTyping: thread.typingAt !== null && now - thread.typingAt < TYPING_MS,
    lastPersonAt: thread.lastPersonAt,
    isBlocked: person.blocked.includes(igId),
  }
}
