import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeAccount, makeConversation, makeHeard, makeWorkspace } from '@/lib/accounts/testing'
import type { Ctx } from '@/lib/db/in-workspace'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { LaneEvent } from '@/lib/flow/event'
import { handBack } from './hand-back'
import { getConversation, listConversations } from './list-conversations'
import { listMessages } from './list-messages'
import { reply } from './reply'
import { takeOver } from './take-over'

const HOUR_MS = 3_600_000
const ACCOUNT = '17841400000000021'
let fresh: FreshDatabase
let ctx: Ctx
let other: Ctx
beforeAll(async () => {
  fresh = await freshDatabase()
  ctx = await makeWorkspace(fresh.db, 'inbox', 'agent')
  other = await makeWorkspace(fresh.db, 'other', 'agent')
  await makeAccount(ctx, ACCOUNT)
})
afterAll(() => fresh.close())

let people = 0
const newIgsid = () => `6000000000000${String(++people).padStart(4, '0')}`
const start = (more: Partial<Parameters<typeof makeConversation>[1]> = {}) =>
  makeConversation(ctx, { accountId: ACCOUNT, igsid: newIgsid(), ...more })
const text = (words: string) => ({ type: 'text', text: words }) as const

/** What a lane was told, as the engine will read it. */
const eventsOf = async (conversationId: string) => {
  const rows = await fresh.sql<{ id: string; at: number; chance: number; payload: object; runs: boolean }[]>`
    select e.id, (extract(epoch from e.at) * 1000)::float8 as at, e.chance::float8 as chance, e.payload, l.run_at <= app_now() as runs
    from conversation c join inbound_event e using (account_id, igsid) join lane l using (account_id, igsid)
    where c.id = ${conversationId} order by e.id`
  expect(rows.every((row) => row.runs)).toBe(true)
  return rows.map(({ id, at, chance, payload }) => LaneEvent.parse({ ...payload, id, at: Math.floor(at), chance }))
}

describe('reply', () => {
  it('becomes one event of the lane, by the agent, however often it is asked for', async () => {
    const conversationId = await start()
    const first = await reply(ctx, { conversationId, clientId: 'c1', message: text('Hello') })
    const again = await reply(ctx, { conversationId, clientId: 'c1', message: text('Hello') })
    expect([first.isRepeat, again.isRepeat, again.eventId]).toEqual([false, true, first.eventId])
    expect(await eventsOf(conversationId)).toMatchObject([
      { id: first.eventId, type: 'reply', clientId: 'c1', by: ctx.actor, message: { type: 'text', text: 'Hello' } },
    ])
    await expect(reply(ctx, { conversationId, clientId: 'c1', message: text('Other words') })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('stays one event when ten requests race', async () => {
    const conversationId = await start()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => reply(ctx, { conversationId, clientId: 'race', message: text('Hi') })),
    )
    expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(1)
    expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1)
    expect(await eventsOf(conversationId)).toHaveLength(1)
  })

  it('may use the same clientId in another conversation', async () => {
    const ids = await Promise.all([start(), start()])
    for (const conversationId of ids) await reply(ctx, { conversationId, clientId: 'same', message: text('Hi') })
    for (const conversationId of ids) expect(await eventsOf(conversationId)).toHaveLength(1)
  })

  it.each([
    ['a person may answer for seven days', 6 * 24 * HOUR_MS, null],
    ['and no longer', 7 * 24 * HOUR_MS, 'over-7-days'],
    ['nor to somebody who never wrote', null, 'never-wrote'],
  ])('%s', async (_, wroteMsAgo, why) => {
    const conversationId = await start({ wroteMsAgo })
    const answer = reply(ctx, { conversationId, clientId: 'w', message: text('Hi') })
    if (why === null) await expect(answer).resolves.toBeDefined()
    else await expect(answer).rejects.toMatchObject({ code: 'refused', details: { window: { state: 'closed', why } } })
    expect(await eventsOf(conversationId)).toHaveLength(why === null ? 1 : 0)
  })

  it('repeats after the window has shut are answered as before', async () => {
    const conversationId = await start()
    const { eventId } = await reply(ctx, { conversationId, clientId: 'late', message: text('Hi') })
    await fresh.sql`update conversation set last_person_at = app_now() - interval '8 days' where id = ${conversationId}`
    expect(await reply(ctx, { conversationId, clientId: 'late', message: text('Hi') })).toMatchObject({ eventId, isRepeat: true })
  })

  it('counts the text in bytes, and names the limit', async () => {
    const conversationId = await start()
    await reply(ctx, { conversationId, clientId: 'full', message: text('é'.repeat(500)) })
    await expect(reply(ctx, { conversationId, clientId: 'over', message: text('é'.repeat(501)) })).rejects.toMatchObject({
      code: 'refused',
      message: 'The text has 1002 bytes; Instagram takes at most 1000.',
      details: { limit: 'text', max: 1000, measured: 1002 },
    })
  })

  it.each(['', '  \n', 'a\0b', 'half \ud83d'])('does not take %j for a text', async (words) => {
    const conversationId = await start()
    await expect(reply(ctx, { conversationId, clientId: 'odd', message: text(words) })).rejects.toThrow()
    expect(await eventsOf(conversationId)).toEqual([])
  })
})

describe('take-over and hand-back', () => {
  it('are events of the lane, in order', async () => {
    const conversationId = await start()
    const taken = await takeOver(ctx, { conversationId })
    const handed = await handBack(ctx, { conversationId })
    expect(await eventsOf(conversationId)).toMatchObject([
      { id: taken.eventId, type: 'take-over', by: ctx.actor },
      { id: handed.eventId, type: 'hand-back', by: ctx.actor },
    ])
  })

  it('and replies are for agents, in their own workspace', async () => {
    const conversationId = await start()
    for (const verb of [
      takeOver,
      handBack,
      (by: Ctx, at: { conversationId: string }) => reply(by, { ...at, clientId: 'x', message: text('x') }),
    ]) {
      await expect(verb({ ...ctx, role: 'viewer' }, { conversationId })).rejects.toMatchObject({ code: 'forbidden' })
      await expect(verb(other, { conversationId })).rejects.toMatchObject({
        code: 'not-found',
        message: 'There is no such conversation.',
      })
    }
    expect(await eventsOf(conversationId)).toEqual([])
  })
})

describe('lists', () => {
  it('pages through every conversation once, the newest first, those without a word last', async () => {
    const mine = await makeWorkspace(fresh.db, 'pages', 'viewer')
    const accountId = await makeAccount(mine, '17841400000000022')
    const expected: string[] = []
    for (let n = 0; n < 7; n++)
      expected.push(await makeConversation(mine, { accountId, igsid: newIgsid(), wroteMsAgo: 1000 * (n + 1) }))
    for (let n = 0; n < 4; n++) await makeConversation(mine, { accountId, igsid: newIgsid(), wroteMsAgo: null })
    // Two at the very same microsecond, across a page's edge.
    await fresh.sql`update conversation set last_message_at = (select last_message_at from conversation where id = ${expected[2] ?? ''}) where id = ${expected[3] ?? ''}`

    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listConversations(mine, { limit: 3, cursor })
      expect(page.items.length).toBeGreaterThan(0)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect(seen).toHaveLength(11)
    expect(new Set(seen).size).toBe(11)
    expect(seen.filter((id) => expected.includes(id) && id !== expected[2] && id !== expected[3])).toEqual(
      [0, 1, 4, 5, 6].map((n) => expected[n]),
    )
    await expect(listConversations(mine, { cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('filters by who holds, and tells the window', async () => {
    const queue = { by: 'queue', since: 1, team: 'sales', priority: 'high', summary: null } as const
    const id = await start({ hold: queue, wroteMsAgo: 25 * HOUR_MS })
    const { items } = await listConversations(ctx, { hold: 'queue' })
    expect(items.map((item) => item.id)).toEqual([id])
    expect(items[0]).toMatchObject({ hold: queue, window: { state: 'human-only', why: 'over-24-hours' }, accountId: ACCOUNT })
    expect(await getConversation(ctx, id)).toMatchObject({ id, hold: queue })
    expect((await listConversations(ctx, { hold: 'agent' })).items).toEqual([])
    expect((await listConversations(ctx, { accountId: 'another' })).items).toEqual([])
    expect((await listConversations(other)).items).toEqual([])
    await expect(getConversation(other, id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('pages through a thread backwards', async () => {
    const igsid = newIgsid()
    const conversationId = await start({ igsid })
    for (let n = 0; n < 5; n++) await makeHeard(ctx, { accountId: ACCOUNT, igsid }, `line ${n}`)
    const first = await listMessages(ctx, { conversationId, limit: 3 })
    const second = await listMessages(ctx, { conversationId, limit: 3, cursor: first.nextCursor ?? '' })
    expect(second.nextCursor).toBeNull()
    expect([...first.items, ...second.items].map(({ content }) => content.type === 'heard' && content.text)).toEqual(
      [4, 3, 2, 1, 0].map((n) => `line ${n}`),
    )
    expect(first.items[0]).toMatchObject({ author: { type: 'person' }, status: 'received' })
    await expect(listMessages(other, { conversationId })).rejects.toMatchObject({ code: 'not-found' })
  })
})
