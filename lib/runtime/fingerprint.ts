import { createHash } from 'node:crypto'
import type { OutgoingMessage } from '@/lib/flow/message'

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)

/** Of what is listed without words and without media: it says nothing about what it is. */
export const NOTHING = 'nothing'

/**
 * What a sent message looks like from outside: in an echo, or in the Conversations API. Text is compared without the white
 * space that Instagram may trim; of media only that it is media, since Instagram gives it another address.
 */
export function fingerprintOf(seen: { text: string | null; hasAttachments: boolean }): string {
  const text = (seen.text ?? '').normalize('NFC').replace(/\s+/g, ' ').trim()
  return text !== '' ? `text:${hash(text)}` : seen.hasAttachments ? 'media' : NOTHING
}

export const fingerprintOfMessage = (message: OutgoingMessage): string =>
  message.type === 'text' ? fingerprintOf({ text: message.text, hasAttachments: false }) : 'media'
