import { z } from 'zod'

/** What the sandbox knows: plain JSON, one row each in its schema. Times are milliseconds since 1970 by the sandbox's clock. */

export const Knobs = z.strictObject({
  /** Further identical deliveries after each one that was taken. */
  duplicates: z.int().min(0).max(50),
  dropPercent: z.number().min(0).max(100),
  delayMs: z.int().min(0),
  /** Up to this many elements in one POST; the first waits `batchWaitMs` for company. */
  batch: z.int().min(1).max(1000),
  batchWaitMs: z.int().min(0),
  /** Several elements as items of one entry, or as entries of their own. */
  batchAs: z.enum(['items', 'entries']),
  shuffle: z.boolean(),
  /** Echoes of API sends. What the owner types is always echoed. */
  echo: z.union([z.enum(['on', 'off', 'before-response']), z.strictObject({ late: z.int().min(0) })]),
  signature: z.enum(['ok', 'wrong', 'missing']),
  /** `kept`: a delivery that fails holds those behind it. `loose`: they overtake it, as they may at Meta. */
  order: z.enum(['kept', 'loose']),
  /** POSTs under way at once; above 1 the order is kept for each person instead of for the account. */
  concurrency: z.int().min(1).max(200),
  /** Of the account's dice (drop, shuffle). */
  seed: z.int(),
})
export type Knobs = z.infer<typeof Knobs>

export const defaultKnobs: Knobs = {
  duplicates: 0,
  dropPercent: 0,
  delayMs: 0,
  batch: 1,
  batchWaitMs: 50,
  batchAs: 'items',
  shuffle: false,
  echo: 'on',
  signature: 'ok',
  order: 'kept',
  concurrency: 1,
  seed: 1,
}

export const Settings = z.strictObject({
  /** `/me` of graph.instagram.com: the documented `data[]` or the flat object that real clients read. */
  meShape: z.enum(['flat', 'wrapped']),
  /** The app has the Human Agent feature. */
  humanAgent: z.boolean(),
  textPerSecond: z.number().positive(),
  conversationsPerSecond: z.number().positive(),
  token: z.enum(['valid', 'expired', 'revoked', 'password-changed', 'logged-out']),
  /** Which of the two documented codes a person who blocked the account gives. */
  blockedCode: z.union([z.literal(551), z.literal(200)]),
  /** Whether `message.metadata` comes back in the echo; Meta does not say so for Instagram. */
  echoMetadata: z.boolean(),
  /** Postbacks carry a `mid` from v11 on; older ones do not. */
  postbackMid: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

export const defaultSettings: Settings = {
  meShape: 'flat',
  humanAgent: true,
  textPerSecond: 100,
  conversationsPerSecond: 2,
  token: 'valid',
  blockedCode: 551,
  echoMetadata: false,
  postbackMid: true,
}

export type AccountRoute = 'instagram' | 'facebook' | 'both'

export interface Account {
  igId: string
  appScopedId: string
  pageId: string
  username: string
  name: string
  route: AccountRoute
  accessToken: string
  pageAccessToken: string
  appSecret: string
  verifyToken: string
  /** Where events go; null until a handshake succeeded. */
  callbackUrl: string | null
  /** The app is installed on the account (`subscribed_apps`). */
  isInstalled: boolean
  settings: Settings
  knobs: Knobs
}

export interface Person {
  id: string
  name: string
  username: string
  email: string | null
  phone: string | null
  followsAccounts: boolean
  /** Her Instagram-scoped id, another one for each account. */
  igsids: Record<string, string>
  /** Accounts she blocked. */
  blocked: string[]
}

export type SentChip =
  | { content_type: 'text'; title: string; payload: string }
  | { content_type: 'user_email' | 'user_phone_number' }

export interface Message {
  mid: string
  igId: string
  igsid: string
  /** Place in the thread. */
  order: number
  /** Grows whenever the message changes; what a long poll waits for. */
  seq: number
  at: number
  from: 'person' | 'account'
  via: 'person' | 'api' | 'app'
  text: string | null
  /** Addresses of images. */
  images: string[]
  chips: SentChip[]
  /** Payload of the chip or button by which the person said this. */
  payload: string | null
  isPostback: boolean
  replyTo: { mid: string } | { storyId: string; storyUrl: string } | null
  tag: string | null
  isUnsupported: boolean
  isUnsent: boolean
  edits: number
  reaction: { reaction: string; emoji: string } | null
}

export interface Thread {
  igId: string
  igsid: string
  personId: string
  number: string
  conversationId: string
  /** The person's last message, tap or postback: what opens the window. */
  lastPersonAt: number
  updatedAt: number
  seq: number
  /** The newest message of the account that the person has read. */
  readMid: string | null
  /** When the account marked the thread as seen, or answered. */
  seenAt: number | null
  typingAt: number | null
  /** The message whose chips stand under the thread now. */
  chipsOf: string | null
}

const faultBase = {
  on: z.enum(['messages', 'conversations', 'profile', 'me', 'any']).default('messages'),
  /** How many calls it strikes; `always` until it is cleared. */
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
  /** Only sends whose text contains this. */
  text: z.string().optional(),
  /** Only sends to this IGSID. */
  recipient: z.string().optional(),
}

export const FaultInput = z.discriminatedUnion('kind', [
  z.strictObject({
    ...faultBase,
    kind: z.literal('error'),
    status: z.int().min(200).max(599).optional(),
    code: z.int(),
    subcode: z.int().optional(),
    message: z.string().default('An unexpected error has occurred. Please retry your request later.'),
    is_transient: z.boolean().optional(),
    /** The send is carried out all the same. */
    applied: z.boolean().default(false),
  }),
  z.strictObject({ ...faultBase, kind: z.literal('cut-before') }),
  z.strictObject({ ...faultBase, kind: z.literal('cut-after') }),
  z.strictObject({ ...faultBase, kind: z.literal('hang'), ms: z.int().min(0), applied: z.boolean().default(false) }),
  z.strictObject({ ...faultBase, kind: z.literal('late-accept'), ms: z.int().min(0) }),
  z.strictObject({ ...faultBase, kind: z.literal('latency'), ms: z.int().min(0) }),
  z.strictObject({ ...faultBase, kind: z.literal('off') }),
])
export type FaultInput = z.infer<typeof FaultInput>
export type Fault = FaultInput & { id: string; igId: string }

export interface Attempt {
  at: number
  /** Null when no answer came. */
  status: number | null
  ms: number
  reason: string | null
}

export interface Delivery {
  id: number
  igId: string
  igsid: string
  /** Elements of `messaging[]`; with `createdAt` and `batchAs` they decide the bytes, which are the same at every try. */
  elements: object[]
  batchAs: 'items' | 'entries'
  createdAt: number
  dueAt: number
  /** Late on purpose: holds nothing behind it. */
  isLoose: boolean
  state: 'pending' | 'delivered' | 'dropped' | 'given-up'
  attempts: Attempt[]
}

export interface GraphCall {
  id: number
  at: number
  igId: string | null
  route: 'instagram' | 'facebook'
  method: string
  url: string
  headers: Record<string, string>
  body: string
  /** Null when the connection was cut instead. */
  status: number | null
  answer: string | null
  fault: string | null
  /** The message it made, whatever the caller was told. */
  mid: string | null
  ms: number
}

export interface Media {
  id: string
  signature: string
  contentType: string
  base64: string
  isGone: boolean
}
