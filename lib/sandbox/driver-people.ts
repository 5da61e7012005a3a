import { z } from 'zod'
import { AppError } from '@/lib/errors'
import * as acts from './acts'
import type { Message } from './model'
import { type DriverCall, readNumber, route } from './route'
import { threadView } from './view'

const MAX_WAIT_MS = 60_000
const MAX_BULK = 20_000
const THREAD = '/people/{person}/threads/{igId}'

const Person = z.strictObject({
  name: z.string().min(1).optional(),
  username: z
    .string()
    .regex(/^[a-z0-9._]{1,30}$/, 'a user name has a-z, 0-9, dots and underscores, at most 30')
    .optional(),
  email: z.email().optional(),
  phone: z
    .string()
    .regex(/^\+[0-9]{5,15}$/, 'a phone number is + and digits')
    .optional(),
  followsAccounts: z.boolean().optional(),
})
const Image = z.union([
  z.url({ protocol: /^https?$/ }),
  z.strictObject({ base64: z.base64(), contentType: z.string().regex(/^[\w.-]+\/[\w.+-]+$/) }),
])

const Said = z
  .strictObject({
    text: z.string().min(1).optional(),
    images: z.array(Image).min(1).max(10).optional(),
    /** Quotes this message. */
    replyTo: z.string().optional(),
    /** Answers a story of the account. */
    story: z.strictObject({ id: z.string().optional(), url: z.url().optional() }).optional(),
    isUnsupported: z.literal(true).optional(),
  })
  .refine(
    (said) => said.text !== undefined || said.images !== undefined || said.isUnsupported,
    'say something: text, images or isUnsupported',
  )

/** Emoji of the reactions that have a name. */
const named: Record<string, string> = { love: '❤️', laugh: '😆', wow: '😮', sad: '😢', angry: '😡', like: '👍' }

const parties = ({ context, params }: Pick<DriverCall<unknown>, 'context' | 'params'>) =>
  ({ account: context.world.account(params.igId ?? ''), person: context.world.person(params.person ?? '') }) as const

const told = (message: Message) => ({ mid: message.mid, igsid: message.igsid, at: message.at, order: message.order })

export const peopleRoutes = [
  route({
    method: 'POST',
    path: '/people',
    does: 'Makes a person. Her Instagram-scoped id is another one for each account.',
    body: Person,
    answer({ context, body }) {
      if (body.username && [...context.world.people.values()].some((person) => person.username === body.username)) {
        throw new AppError('conflict', `${body.username} exists already; use another user name, or GET /driver/people.`)
      }
      return acts.newPerson(context, body)
    },
  }),
  route({
    method: 'GET',
    path: '/people',
    does: 'All people.',
    answer: ({ context }) => ({ people: [...context.world.people.values()] }),
  }),
  route({
    method: 'GET',
    path: '/people/{person}',
    does: 'One person, by id or user name.',
    answer: ({ context, params }) => context.world.person(params.person ?? ''),
  }),
  route({
    method: 'GET',
    path: THREAD,
    does: 'What she heard and said, oldest first, the chips on her screen, who has seen what, who types.',
    query: {
      after: 'only messages new or changed since this seq',
      wait: 'wait so many milliseconds for one (long poll, at most 60000)',
    },
    async answer({ context, params, query }) {
      const { account, person } = parties({ context, params })
      const after = readNumber(query, 'after', 0)
      const until = Date.now() + readNumber(query, 'wait', 0, MAX_WAIT_MS)
      for (;;) {
        const igsid = person.igsids[account.igId]
        const thread = igsid ? context.world.threadOf(account.igId, igsid) : undefined
        const view = threadView(context.world, thread, person, account.igId, context.clock.now(), after)
        const rest = until - Date.now()
        if (view.seq > after || rest <= 0 || !context.world.accounts.has(account.igId)) return view
        await context.world.nextChange(account.igId, igsid, rest)
      }
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/introductions`,
    does: 'The account learns her id before she writes, as from a comment: it may neither write to her nor see her profile yet.',
    body: z.strictObject({}),
    answer({ context, params }) {
      const { account, person } = parties({ context, params })
      return { igsid: context.world.igsidOf(account, person) }
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/messages`,
    does: 'She writes: a text, pictures (addresses or base64), an answer to a message or a story, or something unsupported.',
    body: Said,
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.write(context, account, person, body))
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/taps`,
    does: 'She taps a chip that is shown now, by title, index or payload.',
    body: z.union([
      z.strictObject({ title: z.string() }),
      z.strictObject({ index: z.int().min(0) }),
      z.strictObject({ payload: z.string() }),
    ]),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.tap(context, account, person, body))
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/postbacks`,
    does: 'She taps an ice breaker, a menu item or a button with this payload.',
    body: z.strictObject({ payload: z.string().min(1), title: z.string().default('Button') }),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.tapPostback(context, account, person, body))
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/reads`,
    does: 'She reads everything up to the newest message of the account.',
    body: z.strictObject({}),
    answer: ({ context, params }) => {
      const { account, person } = parties({ context, params })
      return { readMid: acts.read(context, account, person).mid }
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/reactions`,
    does: 'She reacts to a message, by name (love, laugh, wow, sad, angry, like) or emoji; null takes it back.',
    body: z.strictObject({ mid: z.string(), reaction: z.string().min(1).max(40).nullable() }),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      const name = Object.entries(named).find(([key, emoji]) => key === body.reaction || emoji === body.reaction)?.[0]
      const reaction = body.reaction === null ? null : { reaction: name ?? 'other', emoji: named[name ?? ''] ?? body.reaction }
      return told(acts.react(context, account, person, body.mid, reaction))
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/unsends`,
    does: 'She takes a message of hers back.',
    body: z.strictObject({ mid: z.string() }),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.unsend(context, account, person, body.mid))
    },
  }),
  route({
    method: 'POST',
    path: `${THREAD}/edits`,
    does: 'She edits a text of hers.',
    body: z.strictObject({ mid: z.string(), text: z.string().min(1) }),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.edit(context, account, person, body.mid, body.text))
    },
  }),
  ...(['block', 'unblock'] as const).map((verb) =>
    route({
      method: 'POST',
      path: `${THREAD}/${verb}`,
      does: verb === 'block' ? 'She blocks the account: it can neither write to her nor see her profile.' : 'She unblocks it.',
      body: z.strictObject({}),
      answer({ context, params }) {
        const { account, person } = parties({ context, params })
        acts.setBlocked(context, account, person, verb === 'block')
        return person
      },
    }),
  ),
  route({
    method: 'POST',
    path: `${THREAD}/owner-messages`,
    does: 'The account’s owner writes to her in the Instagram app: an echo nobody sent through the API.',
    body: z
      .strictObject({
        text: z.string().min(1).optional(),
        images: z
          .array(z.url({ protocol: /^https?$/ }))
          .min(1)
          .max(10)
          .optional(),
      })
      .refine((said) => (said.text === undefined) !== (said.images === undefined), 'say either text or images'),
    answer({ context, params, body }) {
      const { account, person } = parties({ context, params })
      return told(acts.ownerWrites(context, account, person, body))
    },
  }),
  route({
    method: 'GET',
    path: '/accounts/{igId}/threads',
    does: 'All threads of an account in short: what each person said and heard.',
    answer({ context, params }) {
      const { igId } = context.world.account(params.igId ?? '')
      const words = (messages: Message[], from: Message['from']) =>
        messages.filter((message) => message.from === from).map((message) => message.text ?? message.images[0] ?? '')
      return {
        threads: context.world.threadsOf(igId).map((thread) => {
          const messages = context.world.messagesOf(thread)
          return {
            person: thread.personId,
            igsid: thread.igsid,
            said: words(messages, 'person'),
            heard: words(messages, 'account'),
          }
        }),
      }
    },
  }),
  route({
    method: 'POST',
    path: '/bulk',
    does: 'Makes so many people who all write to the account at once, each the same texts in order; {n} becomes her number.',
    body: z.strictObject({
      igId: z.string(),
      people: z.int().min(1).max(10_000).default(200),
      texts: z.array(z.string().min(1)).min(1).max(100).default(['hello']),
    }),
    answer({ context, body }) {
      const account = context.world.account(body.igId)
      if (body.people * body.texts.length > MAX_BULK)
        throw new AppError('invalid', `people x texts must be at most ${MAX_BULK}; ask several times.`)
      const people = Array.from({ length: body.people }, (_, index) => acts.newPerson(context, { name: `Person ${index + 1}` }))
      for (const text of body.texts) {
        for (const [index, person] of people.entries())
          acts.write(context, account, person, { text: text.replaceAll('{n}', String(index + 1)) })
      }
      return { people: people.map((person) => ({ id: person.id, igsid: person.igsids[account.igId] })) }
    },
  }),
]
