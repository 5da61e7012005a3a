import { z } from '@hono/zod-openapi'
import { handBack } from '@/lib/inbox/hand-back'
import { getConversation, listConversations } from '@/lib/inbox/list-conversations'
import { listMessages } from '@/lib/inbox/list-messages'
import { ReplyInput, reply } from '@/lib/inbox/reply'
import { takeOver } from '@/lib/inbox/take-over'
import { resolveSend } from '@/lib/runtime/resolve-send'
import { AccountId, type Api, body, endpoint, json, PageQuery } from './endpoint'
import { Conversation, Message, pageOf } from './schemas'

const tags = ['Conversations']
const params = z.object({ conversationId: z.uuid() })
const Taken = z.object({ eventId: z.string() }).openapi('Taken')

const { clientId } = ReplyInput.shape
const [TextMessage, ImageMessage] = ReplyInput.shape.message.options
const SendMessage = z.union([
  z.strictObject({ clientId, text: TextMessage.shape.text }),
  z.strictObject({ clientId, imageUrl: ImageMessage.shape.url }),
])
const Replied = z
  .object({ clientId: z.string(), eventId: z.string(), isRepeat: z.boolean() })
  .openapi('Replied', { description: 'The message appears in the thread, with this clientId, when its event is applied.' })

export function conversationRoutes(api: Api): void {
  api.openapi(
    endpoint('GET /conversations', {
      tags,
      summary: 'List conversations, the newest word first',
      request: {
        query: PageQuery.extend({ hold: z.enum(['bot', 'queue', 'agent']).optional(), accountId: AccountId.optional() }),
      },
      responses: { 200: json(pageOf(Conversation), 'A page.') },
    }),
    async (c) => c.json(await listConversations(c.get('ctx'), c.req.valid('query')), 200),
  )
  api.openapi(
    endpoint('GET /conversations/{conversationId}', {
      tags,
      summary: 'Read a conversation',
      request: { params },
      responses: { 200: json(Conversation, 'Who holds it, and until when one may write.') },
    }),
    async (c) => c.json(await getConversation(c.get('ctx'), c.req.valid('param').conversationId), 200),
  )
  api.openapi(
    endpoint('GET /conversations/{conversationId}/messages', {
      tags,
      summary: 'The thread, newest first',
      request: { params, query: PageQuery },
      responses: { 200: json(pageOf(Message), 'A page.') },
    }),
    async (c) => c.json(await listMessages(c.get('ctx'), { ...c.req.valid('query'), ...c.req.valid('param') }), 200),
  )
  api.openapi(
    endpoint('POST /conversations/{conversationId}/messages', {
      tags,
      summary: 'Answer as an agent; the same clientId never makes a second message',
      request: { params, body: body(SendMessage) },
      responses: { 202: json(Replied, 'Taken in; it goes out in the order of the conversation.') },
    }),
    async (c) => {
      const input = c.req.valid('json')
      const message =
        'text' in input ? ({ type: 'text', text: input.text } as const) : ({ type: 'image', url: input.imageUrl } as const)
      const { conversationId } = c.req.valid('param')
      return c.json(await reply(c.get('ctx'), { conversationId, clientId: input.clientId, message }), 202)
    },
  )
  api.openapi(
    endpoint('POST /conversations/{conversationId}/take-over', {
      tags,
      summary: 'Take the conversation over from the bot',
      request: { params },
      responses: { 202: json(Taken, 'Taken in; the lane’s order settles who was first.') },
    }),
    async (c) => c.json(await takeOver(c.get('ctx'), c.req.valid('param')), 202),
  )
  api.openapi(
    endpoint('POST /conversations/{conversationId}/hand-back', {
      tags,
      summary: 'Hand the conversation back to the bot',
      request: { params },
      responses: { 202: json(Taken, 'Taken in.') },
    }),
    async (c) => c.json(await handBack(c.get('ctx'), c.req.valid('param')), 202),
  )
}

const messageParams = z.object({ messageId: z.uuid() })
const Resolved = z.object({ messageId: z.uuid() }).openapi('Resolved')

export function messageRoutes(api: Api): void {
  api.openapi(
    endpoint('POST /messages/{messageId}/mark-sent', {
      tags,
      summary: 'A message nobody can tell the fate of: it did arrive',
      request: { params: messageParams },
      responses: { 200: json(Resolved, 'It counts as sent.') },
    }),
    async (c) => {
      const { messageId } = c.req.valid('param')
      await resolveSend(c.get('ctx'), messageId, 'mark-sent')
      return c.json({ messageId }, 200)
    },
  )
  api.openapi(
    endpoint('POST /messages/{messageId}/send-again', {
      tags,
      summary: 'A message nobody can tell the fate of: it did not arrive; send its words again at the end of the conversation',
      request: { params: messageParams },
      responses: { 200: json(Resolved, 'The old one is failed, a new one is on its way.') },
    }),
    async (c) => {
      const { messageId } = c.req.valid('param')
      await resolveSend(c.get('ctx'), messageId, 'send-again')
      return c.json({ messageId }, 200)
    },
  )
}
