import { z } from '@hono/zod-openapi'
import { Author, RecordCode } from '@/lib/flow/effect'
import { Actor, Attachment } from '@/lib/flow/event'
import { OutgoingMessage } from '@/lib/flow/message'
import { Hold } from '@/lib/flow/state'

/** Shapes of answers. Times are milliseconds since 1970. */

const Ms = z.int().openapi({ description: 'Milliseconds since 1970.' })

export const Account = z
  .object({
    id: z.string(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    connections: z.array(
      z.object({
        id: z.uuid(),
        route: z.enum(['instagram', 'facebook']),
        nodeId: z.string(),
        graphUrl: z.string().nullable(),
        graphVersion: z.string().nullable(),
        status: z.enum(['active', 'reconnect']),
        statusReason: z.string().nullable(),
        isSandbox: z.boolean(),
        hasAppSecret: z.boolean(),
        hasVerifyToken: z.boolean(),
        webhookUrl: z.string(),
      }),
    ),
    deployments: z.array(z.object({ flowId: z.string(), version: z.int() })),
  })
  .openapi('Account')

export const Connected = z
  .object({
    id: z.string(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    connectionId: z.uuid(),
    isNew: z.boolean(),
    webhookUrl: z.string(),
  })
  .openapi('Connected')

/** Any version of the format goes in; today's comes out. Its fields are the language's own affair. */
export const Document = z.looseObject({}).openapi('FlowDocument', { description: 'A flow document.' })

export const FlowSummary = z
  .object({
    id: z.string(),
    name: z.string(),
    revision: z.int(),
    latestVersion: z.int().nullable(),
    createdAt: Ms,
    updatedAt: Ms,
  })
  .openapi('FlowSummary')

export const Flow = FlowSummary.extend({
  draft: Document,
  deployments: z.array(z.object({ accountId: z.string(), version: z.int() })),
}).openapi('Flow')

const Version = z.object({ version: z.int(), note: z.string().nullable(), publishedBy: z.string(), publishedAt: Ms })

export const FlowVersionRow = Version.extend({
  people: z.int().openapi({ description: 'People in the middle of it.' }),
  movable: z.int().openapi({ description: 'Of them, those whose node the draft still has.' }),
}).openapi('FlowVersionRow')

export const FlowVersion = Version.extend({ document: Document }).openapi('FlowVersion')

const Fix = z.discriminatedUnion('op', [
  z.object({ title: z.string(), op: z.literal('remove-edge'), edge: z.string() }),
  z.object({ title: z.string(), op: z.literal('remove-node'), node: z.string() }),
  z.object({ title: z.string(), op: z.literal('add-variable'), name: z.string() }),
])

export const Finding = z
  .object({
    code: z.string(),
    severity: z.enum(['error', 'warning']),
    node: z.string().nullable(),
    port: z.string().nullable(),
    field: z.string().nullable(),
    message: z.string(),
    fix: Fix.nullable(),
  })
  .openapi('Finding')

export const Checked = z.object({ isPublishable: z.boolean(), findings: z.array(Finding) }).openapi('Checked')

export const Published = z
  .object({
    version: z.int(),
    isNewVersion: z.boolean(),
    accounts: z.array(z.object({ accountId: z.string(), programId: z.string(), position: z.int() })),
    told: z.int(),
  })
  .openapi('Published')

const MessagingWindow = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), until: Ms, why: z.literal('person-wrote') }),
  z.object({ state: z.literal('human-only'), until: Ms, why: z.literal('over-24-hours') }),
  z.object({ state: z.literal('closed'), until: z.null(), why: z.enum(['never-wrote', 'over-7-days']) }),
])

export const Conversation = z
  .object({
    id: z.uuid(),
    accountId: z.string(),
    contact: z.object({
      igsid: z.string(),
      name: z.string().nullable(),
      username: z.string().nullable(),
      optedOut: z.boolean(),
    }),
    hold: Hold,
    run: z.object({ flowId: z.string(), version: z.int() }).nullable(),
    window: MessagingWindow,
    lastPersonAt: Ms.nullable(),
    lastMessageAt: Ms.nullable(),
    unanswered: z.boolean(),
    needsAttention: z.boolean(),
  })
  .openapi('Conversation')

const ThreadAuthor = z.union([
  z.object({ type: z.literal('person') }),
  z.object({ type: z.literal('app') }),
  Author,
  z.object({ type: z.literal('record'), by: Actor.nullable() }),
])

const ReplyTo = z.union([z.object({ mid: z.string() }), z.object({ storyUrl: z.string().nullable() })])

const ThreadContent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('heard'),
    text: z.string().nullable(),
    attachments: z.array(Attachment),
    isTap: z.boolean(),
    replyTo: ReplyTo.nullable(),
  }),
  z.object({ type: z.literal('said'), message: OutgoingMessage }),
  z.object({ type: z.literal('said-in-app'), text: z.string().nullable(), attachments: z.array(Attachment) }),
  z.object({
    type: z.literal('record'),
    code: RecordCode,
    severity: z.enum(['info', 'problem']),
    flow: z.string().nullable(),
    node: z.string().nullable(),
    detail: z.string().nullable(),
  }),
  z.object({ type: z.literal('unsent') }),
  z.object({ type: z.literal('unknown') }),
])

export const Message = z
  .object({
    id: z.uuid(),
    author: ThreadAuthor,
    content: ThreadContent,
    status: z.enum(['received', 'noted', 'pending', 'inflight', 'unknown', 'sent', 'failed', 'cancelled', 'needs-person']),
    reason: z.string().nullable(),
    mid: z.string().nullable(),
    clientId: z.string().nullable(),
    at: Ms,
    editedAt: Ms.nullable(),
    deliveredAt: Ms.nullable(),
    seenAt: Ms.nullable(),
  })
  .openapi('Message')

export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable().openapi({ description: 'Null: this is the last page.' }) })

export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
  })
  .openapi('Problem', { description: 'RFC 9457. Some carry more: `problems`, `findings`, `current`, `limit`, `window`.' })
