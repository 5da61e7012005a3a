import { type Context, takeFrom } from './context'
import { echoElement } from './events'
import { checkImage } from './fetch-image'
import { graphErrors } from './graph-error'
import { WEBHOOK_TIMEOUT_MS } from './limits'
import type { Account, Message } from './model'
import { judgeSend, type Params, readSend } from './send-rules'

export interface Sent {
  body: { recipient_id: string; message_id?: string }
  message: Message | null
  /** Resolves when the echo has been tried once; only with `echo: before-response`. */
  echoed: Promise<void> | null
}

/** Carries out a call of `/messages`. Nothing changes unless everything is right. @throws GraphError with Meta's code. */
export async function carryOutSend(context: Context, account: Account, params: Params): Promise<Sent> {
  const send = readSend(params)
  if (send.type === 'message') await Promise.all(send.images.map(checkImage))

  const { world, clock } = context
  const now = clock.now()
  const thread = world.threadOf(account.igId, send.recipient)
  const person = thread && world.people.get(thread.personId)
  const facts = thread && { isBlocked: person?.blocked.includes(account.igId) ?? false, lastPersonAt: thread.lastPersonAt }
  judgeSend(send, facts ?? null, account.settings, now)
  if (!thread) throw graphErrors.noMatchingUser()

  if (send.type === 'action') {
    if (send.action === 'typing_on') thread.typingAt = now
    else if (send.action === 'typing_off') thread.typingAt = null
    else thread.seenAt = now
    world.touch(thread)
    return { body: { recipient_id: thread.igsid }, message: null, echoed: null }
  }

  if (!takeFrom(context.rates, `text:${account.igId}`, account.settings.textPerSecond)) throw graphErrors.rateLimited()
  thread.typingAt = null
  thread.seenAt = now
  const { text, images, chips } = send
  const message = world.add(thread, {
    at: now,
    from: 'account',
    via: 'api',
    text,
    images,
    chips,
    tag: send.isHumanAgent ? 'HUMAN_AGENT' : null,
  })
  thread.chipsOf = chips.length > 0 ? message.mid : null
  world.touch(thread)

  const { echo } = account.knobs
  let echoed: Promise<void> | null = null
  if (echo !== 'off') {
    const metadata = account.settings.echoMetadata ? send.metadata : null
    const how = typeof echo === 'object' ? { lateMs: echo.late } : {}
    const queued = context.deliveries.enqueue(account, thread.igsid, echoElement(thread, message, metadata), how)
    // A receiver that does not answer must not hold the sender for ever.
    if (echo === 'before-response' && queued) echoed = Promise.race([queued.tried, context.pause(WEBHOOK_TIMEOUT_MS + 1000)])
  }
  return { body: { recipient_id: thread.igsid, message_id: message.mid }, message, echoed }
}
