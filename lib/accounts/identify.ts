import { z } from 'zod'
import type { Route } from '@/lib/db/schema/account'
import { AppError } from '@/lib/errors'
import { callGraph } from '@/lib/instagram/graph-client'

const TIMEOUT_MS = 10_000

interface Token {
  route: Route
  graphUrl: string
  version: string
  token: string
  /** What the person says the token belongs to. */
  pageId?: string
  igId?: string
}

export interface Identity {
  igId: string
  /** The node of Graph calls: IG_ID on the Instagram route, PAGE_ID on the Facebook route. */
  nodeId: string
  username: string | null
  name: string | null
}

/** An id that came as a bare number is text by now if it is large; a small one is made text here. */
const Id = z
  .union([z.string(), z.int()])
  .transform(String)
  .pipe(z.string().regex(/^\d{1,32}$/))
const Text = z
  .string()
  .nullish()
  .transform((text) => text?.replaceAll('\0', '') ?? null)
const InstagramMe = z.looseObject({ user_id: Id.nullish(), username: Text, name: Text })
const FacebookMe = z.looseObject({
  id: Id,
  instagram_business_account: z.looseObject({ id: Id, username: Text, name: Text }).nullish(),
})
/** Meta documents `/me` of the Instagram route wrapped in `data[]`; it is mostly seen flat. */
const Wrapped = z.looseObject({ data: z.tuple([z.unknown()], z.unknown()) })

const refuse = (message: string, details: Record<string, unknown> = {}) => new AppError('refused', message, details)

async function askMe({ graphUrl, version, token }: Token, fields: string): Promise<unknown> {
  const result = await callGraph({
    graphUrl,
    version,
    method: 'GET',
    path: 'me',
    query: { fields },
    token,
    timeoutMs: TIMEOUT_MS,
  })
  if (result.ok) {
    const wrapped = Wrapped.safeParse(result.body)
    return wrapped.success ? wrapped.data.data[0] : result.body
  }
  const graph = { graphUrl, graphCode: result.code, graphSubcode: result.subcode }
  // Whatever Graph refuses, it says so with a code of its own.
  if (result.code === null) {
    throw refuse(`${graphUrl} does not answer as Graph does; check the origin (and that this machine can reach it).`, graph)
  }
  if (result.outcome === 'reconnect')
    throw refuse('The access token is not valid there: make a new one, and check that it is for this login route.', graph)
  if (result.outcome === 'unsure' || result.outcome === 'wait')
    throw refuse('Instagram cannot answer right now; try again in a few minutes.', graph)
  throw refuse(`Graph refused the token. ${result.says}`, graph)
}

const expectSame = (what: string, given: string | undefined, found: string) => {
  if (given !== undefined && given !== found)
    throw refuse(`The access token belongs to another ${what} (${found}) than the one given (${given}).`)
}

/**
 * Asks Graph whose token this is. On the Instagram route the account is `user_id`: `id` is the app-scoped id, which no
 * webhook carries. Source: Instagram API with Instagram Login, Get Started; Facebook Login for Business.
 * @throws AppError refused
 */
export async function identify(token: Token): Promise<Identity> {
  if (token.route === 'instagram') {
    const me = InstagramMe.safeParse(await askMe(token, 'id,user_id,username,name'))
    if (!me.success) throw refuse('Graph did not say whose token this is; check the origin.')
    const igId = me.data.user_id ?? undefined
    if (igId === undefined)
      throw refuse('Graph did not tell the account\'s "user_id"; the token is probably not of the Instagram login route.')
    expectSame('Instagram account', token.igId, igId)
    return { igId, nodeId: igId, username: me.data.username, name: me.data.name }
  }
  const me = FacebookMe.safeParse(await askMe(token, 'id,name,instagram_business_account{id,username,name}'))
  if (!me.success) throw refuse("Graph did not say whose token this is; the Facebook route needs a Page's access token.")
  expectSame('Page', token.pageId, me.data.id)
  const linked = me.data.instagram_business_account
  if (!linked) throw refuse('No Instagram account is linked to this Page; link a professional account to it first.')
  expectSame('Instagram account', token.igId, linked.id)
  return { igId: linked.id, nodeId: me.data.id, username: linked.username, name: linked.name }
}
