import type { Delivery, Message, Thread } from './model'

/**
 * Elements of `entry[].messaging[]`, shaped as Meta's pages "Webhooks" and "Webhook examples" of the Instagram Platform show
 * them. Ids are text, timestamps milliseconds.
 */
const byPerson = (thread: Thread, at: number) => ({ sender: { id: thread.igsid }, recipient: { id: thread.igId }, timestamp: at })
const byAccount = (thread: Thread, at: number) => ({
  sender: { id: thread.igId },
  recipient: { id: thread.igsid },
  timestamp: at,
})

const attachmentsOf = (message: Message) =>
  message.images.length === 0 ? {} : { attachments: message.images.map((url) => ({ type: 'image', payload: { url } })) }

function replyOf(message: Message): object {
  if (!message.replyTo) return {}
  return 'mid' in message.replyTo
    ? { reply_to: { mid: message.replyTo.mid } }
    : { reply_to: { story: { url: message.replyTo.storyUrl, id: message.replyTo.storyId } } }
}

export function messageElement(thread: Thread, message: Message): object {
  return {
    ...byPerson(thread, message.at),
    message: {
      mid: message.mid,
      ...(message.text === null ? {} : { text: message.text }),
      ...attachmentsOf(message),
      ...(message.payload === null ? {} : { quick_reply: { payload: message.payload } }),
      ...replyOf(message),
      ...(message.isUnsupported ? { is_unsupported: true } : {}),
    },
  }
}

/** Of an API send and of what the owner types in the app: nothing in it tells the two apart. */
export function echoElement(thread: Thread, message: Message, metadata: string | null): object {
  return {
    ...byAccount(thread, message.at),
    message: {
      mid: message.mid,
      ...(message.text === null ? {} : { text: message.text }),
      ...attachmentsOf(message),
      ...replyOf(message),
      ...(metadata === null ? {} : { metadata }),
      is_echo: true,
    },
  }
}

export const postbackElement = (thread: Thread, message: Message, hasMid: boolean): object => ({
  ...byPerson(thread, message.at),
  postback: { ...(hasMid ? { mid: message.mid } : {}), title: message.text ?? '', payload: message.payload ?? '' },
})

export const reactionElement = (thread: Thread, at: number, mid: string, reaction: Message['reaction']): object => ({
  ...byPerson(thread, at),
  reaction: reaction ? { mid, action: 'react', reaction: reaction.reaction, emoji: reaction.emoji } : { mid, action: 'unreact' },
})

export const readElement = (thread: Thread, at: number, mid: string): object => ({ ...byPerson(thread, at), read: { mid } })

export const unsendElement = (thread: Thread, at: number, mid: string): object => ({
  ...byPerson(thread, at),
  message: { mid, is_deleted: true },
})

export const editElement = (thread: Thread, at: number, message: Message): object => ({
  ...byPerson(thread, at),
  message_edit: { mid: message.mid, text: message.text ?? '', num_edit: message.edits },
})

export function envelopeOf(delivery: Delivery): object {
  const entry = (elements: object[]) => ({ time: delivery.createdAt, id: delivery.igId, messaging: elements })
  return {
    object: 'instagram',
    entry: delivery.batchAs === 'items' ? [entry(delivery.elements)] : delivery.elements.map((element) => entry([element])),
  }
}
