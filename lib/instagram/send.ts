import { z } from 'zod'
import type { OutgoingMessage } from '@/lib/flow/message'
import { callGraph } from './graph-client'
import type { Outcome } from './outcome'

/** Where an account's calls go, and with what. `node` is IG_ID on the Instagram route, PAGE_ID on the Facebook route. */
export interface Endpoint {
  graphUrl: string
  version: string
  node: string
  token: string
}

/** `response` inside the window; `human-agent` for a person's words from 24 h to 7 days: lib/flow/window.ts decides. */
export type Permit = 'response' | 'human-agent'

export type SendResult =
  | { outcome: 'sent'; mid: string }
  | { outcome: Outcome; waitMs: number; says: string; code: number | null; subcode: number | null }

/** Our message as the Send API's body. Source: Instagram Platform, Messaging API and Quick Replies. */
export function toSendBody(igsid: string, message: OutgoingMessage, permit: Permit): Record<string, unknown> {
  const kind = permit === 'human-agent' ? { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' } : { messaging_type: 'RESPONSE' }
  return { recipient: { id: igsid }, ...kind, message: toMessage(message) }
}

function toMessage(message: OutgoingMessage): Record<string, unknown> {
  switch (message.type) {
    case 'image':
      return { attachment: { type: 'image', payload: { url: message.url } } }
    case 'text': {
      if (!message.chips?.length) return { text: message.text }
      const chips = message.chips.map((chip) => {
        if (chip.type === 'text') return { content_type: 'text', title: chip.title, payload: chip.payload }
        return { content_type: chip.type === 'email' ? 'user_email' : 'user_phone_number' }
      })
      return { text: message.text, quick_replies: chips }
    }
  }
}

const Sent = z.looseObject({ message_id: z.coerce.string().min(1) })

/** One call of the Send API. There is no idempotency key: what is not certain comes back as `unsure`. */
export async function sendMessage(
  endpoint: Endpoint,
  igsid: string,
  message: OutgoingMessage,
  permit: Permit,
  timeoutMs?: number,
): Promise<SendResult> {
  const result = await callGraph({
    ...endpoint,
    method: 'POST',
    path: `${endpoint.node}/messages`,
    body: toSendBody(igsid, message, permit),
    timeoutMs,
  })
  if (!result.ok) return result
  const sent = Sent.safeParse(result.body)
  if (sent.success) return { outcome: 'sent', mid: sent.data.message_id }
  return {
    outcome: 'unsure',
    waitMs: 0,
    code: null,
    subcode: null,
    says: 'Instagram answered without a message id; the message may have been delivered.',
  }
}
