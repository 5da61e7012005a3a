import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '@/lib/errors'
import type { Context } from './context'
import { digits, newAppScopedId, newIgId, newPageId, newSecret, newToken } from './ids'
import { WEBHOOK_TIMEOUT_MS } from './limits'
import { type Account, defaultKnobs, defaultSettings, type Fault, FaultInput, Knobs, Settings } from './model'
import { ask } from './post'
import { route } from './route'

const HttpUrl = z.url({ protocol: /^https?$/ })
const Secret = z.string().min(8)

const accountView = (context: Context, account: Account) => ({
  ...account,
  graphUrl: account.route === 'facebook' ? null : `${context.url}/graph.instagram.com`,
  facebookGraphUrl: account.route === 'instagram' ? null : `${context.url}/graph.facebook.com`,
})

/** Meta's GET before the first delivery: 200 with the challenge, letter for letter. @throws AppError refused. */
async function shakeHands(callbackUrl: string, verifyToken: string): Promise<void> {
  const challenge = String(randomBytes(4).readUInt32BE())
  const url = new URL(callbackUrl)
  for (const [name, value] of [
    ['hub.mode', 'subscribe'],
    ['hub.challenge', challenge],
    ['hub.verify_token', verifyToken],
  ] as const) {
    url.searchParams.append(name, value)
  }
  const answer = await ask(url.href, { method: 'GET', timeoutMs: WEBHOOK_TIMEOUT_MS }).catch((error: Error) => {
    throw new AppError('refused', `The callback URL does not answer the handshake: ${error.message}. Nothing was changed.`)
  })
  if (answer.status !== 200 || answer.body !== challenge) {
    throw new AppError(
      'refused',
      'The callback URL must answer 200 with hub.challenge and nothing else; check the verify token. Nothing was changed.',
      { status: answer.status, body: answer.body.slice(0, 300) },
    )
  }
}

export const accountRoutes = [
  route({
    method: 'POST',
    path: '/accounts',
    does: 'Makes a professional account with its tokens and secrets, reachable by one login route or both.',
    body: z.strictObject({
      username: z
        .string()
        .regex(/^[a-z0-9._]{1,30}$/, 'a user name has a-z, 0-9, dots and underscores, at most 30')
        .optional(),
      name: z.string().min(1).optional(),
      route: z.enum(['instagram', 'facebook', 'both']).default('both'),
      appSecret: Secret.optional(),
      verifyToken: Secret.optional(),
      settings: Settings.partial().optional(),
      knobs: Knobs.partial().optional(),
    }),
    async answer({ context, body }) {
      const username = body.username ?? `shop.${digits('', 6)}`
      if ([...context.world.accounts.values()].some((account) => account.username === username)) {
        throw new AppError('conflict', `An account ${username} exists already; use another user name, or GET /driver/accounts.`)
      }
      const account: Account = {
        igId: newIgId(),
        appScopedId: newAppScopedId(),
        pageId: newPageId(),
        username,
        name: body.name ?? username,
        route: body.route,
        accessToken: newToken('IGAA'),
        pageAccessToken: newToken('EAA'),
        appSecret: body.appSecret ?? context.app.appSecret ?? newSecret(),
        verifyToken: body.verifyToken ?? context.app.verifyToken ?? newSecret(),
        callbackUrl: null,
        isInstalled: true,
        settings: { ...defaultSettings, ...body.settings },
        knobs: { ...defaultKnobs, ...body.knobs },
      }
      context.world.saveAccount(account)
      return accountView(context, account)
    },
  }),
  route({
    method: 'GET',
    path: '/accounts',
    does: 'All accounts, secrets included.',
    answer: ({ context }) => ({ accounts: [...context.world.accounts.values()].map((account) => accountView(context, account)) }),
  }),
  route({
    method: 'GET',
    path: '/accounts/{igId}',
    does: 'One account.',
    answer: ({ context, params }) => accountView(context, context.world.account(params.igId ?? '')),
  }),
  route({
    method: 'PATCH',
    path: '/accounts/{igId}/settings',
    does: 'Changes how Graph treats the account: a dead token, rates, the Human Agent feature.',
    body: Settings.partial(),
    answer({ context, params, body }) {
      const account = context.world.account(params.igId ?? '')
      account.settings = { ...account.settings, ...body }
      context.world.saveAccount(account)
      return account.settings
    },
  }),
  route({
    method: 'PATCH',
    path: '/accounts/{igId}/knobs',
    does: 'Changes how webhooks are delivered: duplicates, drops, delay, batches, order, echo, signature.',
    body: Knobs.partial(),
    async answer({ context, params, body }) {
      const account = context.world.account(params.igId ?? '')
      const isRearranged = body.concurrency !== undefined && body.concurrency > 1 !== account.knobs.concurrency > 1
      account.knobs = { ...account.knobs, ...body }
      context.world.saveAccount(account)
      if (isRearranged) await context.deliveries.rearrange(account)
      return account.knobs
    },
  }),
  route({
    method: 'POST',
    path: '/accounts/{igId}/subscription',
    does: 'Shakes hands with the callback URL and, when that succeeds, delivers the account’s events to it.',
    body: z.strictObject({ callbackUrl: HttpUrl, verifyToken: Secret.optional(), appSecret: Secret.optional() }),
    async answer({ context, params, body }) {
      const account = context.world.account(params.igId ?? '')
      const verifyToken = body.verifyToken ?? account.verifyToken
      await shakeHands(body.callbackUrl, verifyToken)
      account.callbackUrl = body.callbackUrl
      account.verifyToken = verifyToken
      account.appSecret = body.appSecret ?? account.appSecret
      context.world.saveAccount(account)
      context.deliveries.kick(account.igId)
      return accountView(context, account)
    },
  }),
  route({
    method: 'DELETE',
    path: '/accounts/{igId}/subscription',
    does: 'Delivers nothing any more; what waits is given up.',
    answer({ context, params }) {
      const account = context.world.account(params.igId ?? '')
      account.callbackUrl = null
      context.world.saveAccount(account)
      context.deliveries.kick(account.igId)
      return accountView(context, account)
    },
  }),
  route({
    method: 'POST',
    path: '/accounts/{igId}/faults',
    does: 'Queues a fault for Graph calls of this account; the oldest that matches a call strikes it.',
    body: FaultInput,
    answer({ context, params, body }) {
      const account = context.world.account(params.igId ?? '')
      // Ids grow with time, so that the order survives a restart.
      const id = `fault_${String(Date.now()).padStart(15, '0')}_${String(context.world.faults.size).padStart(5, '0')}${digits('', 4)}`
      const fault: Fault = { ...body, id, igId: account.igId }
      context.world.saveFault(fault)
      return fault
    },
  }),
  route({
    method: 'GET',
    path: '/accounts/{igId}/faults',
    does: 'The faults that have not struck yet.',
    answer({ context, params }) {
      const { igId } = context.world.account(params.igId ?? '')
      return { faults: [...context.world.faults.values()].filter((fault) => fault.igId === igId) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/accounts/{igId}/faults',
    does: 'Clears all faults of the account.',
    answer({ context, params }) {
      const { igId } = context.world.account(params.igId ?? '')
      for (const fault of [...context.world.faults.values()]) if (fault.igId === igId) context.world.removeFault(fault.id)
      return { faults: [] }
    },
  }),
]
