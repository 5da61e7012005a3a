import type { Context } from './context'
import { type Field, graphTime, pageOf, pick, readFields } from './fields'
import { type GraphRoute, graphErrors } from './graph-error'
import { READABLE_MESSAGES } from './limits'
import type { Account, Message, Person, Thread } from './model'

export interface ReadCall {
  context: Context
  account: Account
  route: GraphRoute
  params: Record<string, unknown>
  /** Host and version of this call, for `paging.next`. */
  base: string
}

const wantedOf = (params: Record<string, unknown>, usual: string): Field[] =>
  readFields(typeof params.fields === 'string' && params.fields !== '' ? params.fields : usual)
const numberOf = (value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : null)
const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)

function igUser(account: Account, wanted: Field[], route: GraphRoute) {
  const count = () => 12
  const shared = {
    username: () => account.username,
    name: () => account.name,
    profile_picture_url: () => null,
    followers_count: count,
    follows_count: count,
    media_count: count,
  }
  return route === 'instagram'
    ? pick('IGUser', wanted, {
        id: () => account.appScopedId,
        user_id: () => account.igId,
        account_type: () => 'BUSINESS',
        ...shared,
      })
    : pick('IGUser', wanted, { id: () => account.igId, ...shared })
}

/** `/me`: the account on graph.instagram.com, its Page on graph.facebook.com. */
export function readMe({ account, route, params }: ReadCall): object {
  if (route === 'instagram') {
    const user = igUser(account, wantedOf(params, 'id'), route)
    return account.settings.meShape === 'wrapped' ? { data: [user] } : user
  }
  return pick('Page', wantedOf(params, 'name,id'), {
    id: () => account.pageId,
    name: () => account.name,
    instagram_business_account: (field) => igUser(account, field.sub ?? [], route),
  })
}

export const readAccountNode = ({ account, route, params }: ReadCall): object => igUser(account, wantedOf(params, 'id'), route)

/** A person's profile. @throws GraphError 230 until she wrote or tapped, and after she blocked the account. */
export function readProfile({ context, account, params }: ReadCall, person: Person, igsid: string): object {
  const hasConsented = (context.world.threadOf(account.igId, igsid)?.lastPersonAt ?? 0) > 0
  if (!hasConsented || person.blocked.includes(account.igId)) throw graphErrors.noConsent()
  return pick('IGBusinessScopedID', wantedOf(params, 'name,profile_pic'), {
    id: () => igsid,
    name: () => person.name,
    username: () => person.username,
    profile_pic: () => null,
    follower_count: () => 120,
    is_user_follow_business: () => person.followsAccounts,
    is_business_follow_user: () => false,
    is_verified_user: () => false,
  })
}

const personSide = (person: Person | undefined, igsid: string) => ({ username: person?.username ?? '', id: igsid })
const accountSide = (account: Account) => ({ username: account.username, id: account.igId })

/** Newest first; what was unsent is not there. */
const listed = (context: Context, thread: Thread) =>
  context.world
    .messagesOf(thread)
    .filter((message) => !message.isUnsent)
    .reverse()

function messageNode(
  call: ReadCall,
  thread: Thread,
  message: Message,
  wanted: Field[],
  isReadable: boolean,
): Record<string, unknown> {
  const person = call.context.world.people.get(thread.personId)
  const sides = [personSide(person, thread.igsid), accountSide(call.account)]
  const [from, to] = message.from === 'person' ? sides : sides.reverse()
  const details = <T>(value: () => T) => (isReadable ? value : () => undefined)
  return pick('Message', wanted, {
    id: () => message.mid,
    created_time: () => graphTime(message.at),
    from: details(() => from),
    to: details(() => ({ data: [to] })),
    message: details(() => message.text ?? ''),
    attachments: details(() =>
      message.images.length === 0
        ? undefined
        : { data: message.images.map((url) => ({ image_data: { url, preview_url: url } })) },
    ),
    shares: () => undefined,
    story: details(() =>
      message.replyTo && 'storyId' in message.replyTo
        ? { reply_to: { link: message.replyTo.storyUrl, id: message.replyTo.storyId } }
        : undefined,
    ),
    reply_to: details(() => (message.replyTo && 'mid' in message.replyTo ? { mid: message.replyTo.mid } : undefined)),
    reactions: details(() =>
      message.reaction ? { data: [{ reaction: message.reaction.emoji, users: [personSide(person, thread.igsid)] }] } : undefined,
    ),
    is_unsupported: details(() => (message.isUnsupported ? true : undefined)),
  })
}

/** `/{conversation}/messages`: all ids, details of the newest 20 only. */
export function readMessages(call: ReadCall, thread: Thread, field?: Field): object {
  const all = listed(call.context, thread)
  const wanted = field ? (field.sub ?? readFields('id,created_time')) : wantedOf(call.params, 'id,created_time')
  const limit = field ? field.limit : numberOf(call.params.limit)
  const page = pageOf(all, (message) => message.mid, limit, field ? field.after : textOf(call.params.after))
  const readable = new Set(all.slice(0, READABLE_MESSAGES))
  const data = page.rows.map((message) => messageNode(call, thread, message, wanted, readable.has(message)))
  const params = field ? { limit: field.limit === null ? undefined : String(field.limit) } : { limit: call.params.limit }
  return { data, ...paging(`${call.base}/${thread.conversationId}/messages`, params, page.after, wantedText(wanted)) }
}

const wantedText = (fields: Field[]): string =>
  fields.map((field) => (field.sub ? `${field.name}{${wantedText(field.sub)}}` : field.name)).join(',')

function paging(address: string, params: Record<string, unknown>, after: string | null, fields?: string): object {
  if (after === null) return {}
  const next = new URL(address)
  for (const key of ['platform', 'limit', 'user_id']) {
    const value = params[key]
    if (typeof value === 'string') next.searchParams.set(key, value)
  }
  if (fields) next.searchParams.set('fields', fields)
  next.searchParams.set('after', after)
  return { paging: { cursors: { after }, next: next.href } }
}

export function readConversation(call: ReadCall, thread: Thread, wanted = wantedOf(call.params, 'id,updated_time')): object {
  const person = call.context.world.people.get(thread.personId)
  return pick('UnifiedThread', wanted, {
    id: () => thread.conversationId,
    updated_time: () => graphTime(thread.updatedAt),
    participants: () => ({ data: [accountSide(call.account), personSide(person, thread.igsid)] }),
    messages: (field) => readMessages(call, thread, field),
  })
}

/** Newest first. On graph.facebook.com `platform=instagram` must be said: without it Meta lists the Page's Messenger threads. */
export function readConversations(call: ReadCall): object {
  const { context, account, route, params } = call
  const isOurs = params.platform === 'instagram' || (route === 'instagram' && params.platform === undefined)
  const user = textOf(params.user_id)
  const threads = isOurs
    ? context.world
        .threadsOf(account.igId)
        .filter((thread) => user === null || thread.igsid === user)
        .sort((a, b) => b.updatedAt - a.updatedAt || b.seq - a.seq)
    : []
  const page = pageOf(threads, (thread) => thread.conversationId, numberOf(params.limit), textOf(params.after))
  const wanted = wantedOf(params, 'id,updated_time')
  const data = page.rows.map((thread) => readConversation(call, thread, wanted))
  return {
    data,
    ...paging(
      `${call.base}/${route === 'instagram' ? account.igId : account.pageId}/conversations`,
      params,
      page.after,
      typeof params.fields === 'string' ? params.fields : undefined,
    ),
  }
}

/** @throws GraphError when it was unsent, or is not among the newest 20 of its conversation. */
export function readMessage(call: ReadCall, thread: Thread, message: Message): object {
  if (message.isUnsent || !listed(call.context, thread).slice(0, READABLE_MESSAGES).includes(message))
    throw graphErrors.messageGone()
  return messageNode(call, thread, message, wantedOf(call.params, 'id,created_time'), true)
}
