import { z } from 'zod'
import { callGraph } from './graph-client'
import type { Endpoint } from './send'

/** A message as the Conversations API tells it. `text` is null when Instagram no longer gives details. */
export interface ListedMessage {
  mid: string
  /** Milliseconds since 1970; Meta gives whole seconds. 0: not told. */
  at: number
  /** Null: Instagram gives no details any more. */
  from: string | null
  text: string | null
  hasAttachments: boolean
}

export type Listing =
  /** `isWhole`: there are no older ones than these. */
  | { ok: true; messages: ListedMessage[]; isWhole: boolean }
  /** Nothing was learnt: the call failed, or Instagram lists no conversation with this person. */
  | { ok: false; says: string; waitMs: number }

const Threads = z.looseObject({ data: z.array(z.looseObject({ id: z.coerce.string() })) })
const Message = z.looseObject({
  id: z.coerce.string(),
  created_time: z.string().optional(),
  from: z.looseObject({ id: z.coerce.string() }).optional(),
  message: z.string().optional(),
  attachments: z.looseObject({ data: z.array(z.unknown()) }).optional(),
})
const Thread = z.looseObject({
  messages: z
    .looseObject({ data: z.array(Message), paging: z.looseObject({ next: z.string().optional() }).optional() })
    .optional(),
})

/**
 * The newest messages of the thread with one person, newest first. Details exist for the 20 newest only.
 * Meta allows two of these calls a second. Source: Instagram Platform, Conversations API.
 */
export async function listMessages(endpoint: Endpoint, igsid: string, timeoutMs?: number): Promise<Listing> {
  const list = await callGraph({
    ...endpoint,
    method: 'GET',
    path: `${endpoint.node}/conversations`,
    query: { platform: 'instagram', user_id: igsid },
    timeoutMs,
  })
  if (!list.ok) return { ok: false, says: list.says, waitMs: list.waitMs }
  const id = Threads.safeParse(list.body).data?.data[0]?.id
  if (id === undefined) return { ok: false, says: 'Instagram lists no conversation with this person.', waitMs: 0 }
  const thread = await callGraph({
    ...endpoint,
    method: 'GET',
    path: id,
    query: { fields: 'messages{id,created_time,from,to,message,attachments}' },
    timeoutMs,
  })
  if (!thread.ok) return { ok: false, says: thread.says, waitMs: thread.waitMs }
  const parsed = Thread.safeParse(thread.body)
  if (!parsed.success || !parsed.data.messages)
    return { ok: false, says: 'Instagram answered a conversation without messages.', waitMs: 0 }
  const messages = parsed.data.messages.data.map((row) => ({
    mid: row.id,
    at: Date.parse((row.created_time ?? '').replace(/\+0000$/, 'Z')) || 0,
    from: row.from?.id ?? null,
    text: row.message ?? null,
    hasAttachments: (row.attachments?.data.length ?? 0) > 0,
  }))
  return { ok: true, messages, isWhole: parsed.data.messages.paging?.next === undefined }
}
