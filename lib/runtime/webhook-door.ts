import { timingSafeEqual } from 'node:crypto'
import { connectionWebhook } from '@/lib/accounts/resolve-connection'
import { database } from '@/lib/db/client'
import { type Env, readEnv } from '@/lib/env'
import { signedBy } from '@/lib/instagram/signature'
import { log, reasonOf } from '@/lib/log'
import { ingest } from './ingest'

/** Larger than anything Meta sends (up to 1,000 updates); more is refused unread. */
export const MAX_WEBHOOK_BYTES = 4 * 1024 * 1024

const PATH = '/api/webhooks/instagram'

export interface WebhookRequest {
  method: string
  /** Path and query. */
  url: string
  /** X-Hub-Signature-256. */
  signature: string | null
  /** The bytes as they came; null when there were more than MAX_WEBHOOK_BYTES. */
  body: Uint8Array | null
}

export interface WebhookAnswer {
  status: number
  body: string
  headers: Record<string, string>
}

const answer = (status: number, body: string, headers: Record<string, string> = {}): WebhookAnswer => ({
  status,
  body,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...headers,
  },
})

/** What a door checks against, and whose events may come through it. */
interface Door {
  secrets: string[]
  verifyToken: string | null
  /** Null: every account that has no app secret of its own. */
  onlyAccount: string | null
}

let env: Env | undefined

async function doorAt(path: string): Promise<Door | null> {
  env ??= readEnv()
  if (path === PATH) {
    const secrets = [env.INSTAGRAM_APP_SECRET, env.META_APP_SECRET].filter((secret) => secret !== undefined)
    return { secrets, verifyToken: env.META_VERIFY_TOKEN ?? null, onlyAccount: null }
  }
  const webhook = await connectionWebhook(database().sql, path.slice(PATH.length + 1))
  if (!webhook) return null
  const secret = webhook.appSecret?.reveal()
  return { secrets: secret ? [secret] : [], verifyToken: webhook.verifyToken?.reveal() ?? null, onlyAccount: webhook.accountId }
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** The challenge is echoed as plain text and only when it looks like one, so that nobody's script is reflected. */
function verify(query: URLSearchParams, door: Door): WebhookAnswer {
  const challenge = query.get('hub.challenge') ?? ''
  const isMeant =
    query.get('hub.mode') === 'subscribe' &&
    door.verifyToken !== null &&
    isSame(query.get('hub.verify_token') ?? '', door.verifyToken)
  return isMeant && /^[\w-]{1,256}$/.test(challenge)
    ? answer(200, challenge)
    : answer(403, 'The verify token or the challenge is wrong.')
}

/**
 * Meta's callback, for the server in front of Next and for the Next route alike. GET verifies. POST answers 200 when the
 * events are durable, 401 for a missing or wrong signature (nothing is stored), 413 over 4 MiB, 503 when nothing could be
 * stored; what is signed but cannot be read is quarantined and answered 200. Never throws.
 */
export async function answerWebhook(request: WebhookRequest): Promise<WebhookAnswer> {
  const url = new URL(request.url, 'http://localhost')
  try {
    if (request.method !== 'GET' && request.method !== 'POST') return answer(405, 'Use GET or POST.', { allow: 'GET, POST' })
    if (request.body === null) return answer(413, 'The body is larger than 4 MiB.')
    const door = await doorAt(url.pathname.replace(/\/$/, ''))
    if (request.method === 'GET') return door ? verify(url.searchParams, door) : answer(403, 'There is no such connection.')
    if (!door || signedBy(request.body, request.signature, door.secrets) === null)
      return answer(401, 'The signature is missing or wrong.')
    await ingest(database().sql, request.body, door.onlyAccount)
    return answer(200, 'EVENT_RECEIVED')
  } catch (error) {
    log.error('webhook-not-stored', { reason: reasonOf(error) })
    return answer(503, 'The events could not be stored. Send them again.')
  }
}
