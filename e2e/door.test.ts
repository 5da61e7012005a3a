import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Parley, startParley } from './parley'
import { openShop, type Shop, WORDS } from './shop'

let parley: Parley
let shop: Shop
beforeAll(async () => {
  parley = await startParley({ workers: 2 })
  shop = await openShop(parley)
})
afterAll(() => parley.close())

const sign = (body: string | Uint8Array, secret = shop.appSecret) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>, url = shop.webhookUrl) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
const item = (igsid: string, mid: string, text = 'hello') => ({
  sender: { id: igsid },
  recipient: { id: shop.igId },
  timestamp: Date.now(),
  message: { mid, text },
})
const delivery = (...messaging: unknown[]) =>
  JSON.stringify({ object: 'instagram', entry: [{ id: shop.igId, time: Date.now(), messaging }] })
const rows = async () => {
  const [counts] = await parley.database.sql<{ n: string }[]>`
    select (select count(*) from inbound_event) + (select count(*) from message) + (select count(*) from lane) + (select count(*) from delivery) as n`
  return Number(counts?.n)
}

describe('a delivery that is not signed by the app', () => {
  let before = 0
  beforeEach(async () => {
    before = await rows()
  })
  const text = 'ä/ö \u{1F950}'
  const wire = () =>
    delivery(item('S', 'never', text))
      .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .replaceAll('/', '\\/')
  it.each([
    ['has no signature', () => post(wire(), {})],
    ['is signed with another secret', () => post(wire(), { 'x-hub-signature-256': sign(wire(), 'another secret') })],
    ['is signed with the empty secret', () => post(wire(), { 'x-hub-signature-256': sign(wire(), '') })],
    [
      'has only the old signature',
      () => post(wire(), { 'x-hub-signature': `sha1=${createHmac('sha1', shop.appSecret).update(wire()).digest('hex')}` }),
    ],
    ['was parsed and written again', () => post(JSON.stringify(JSON.parse(wire())), { 'x-hub-signature-256': sign(wire()) })],
    ['lost its prefix', () => post(wire(), { 'x-hub-signature-256': sign(wire()).slice(7) })],
    [
      'comes to the common door',
      () => post(wire(), { 'x-hub-signature-256': sign(wire()) }, `${parley.url}/api/webhooks/instagram`),
    ],
    [
      'comes to no connection',
      () =>
        post(
          wire(),
          { 'x-hub-signature-256': sign(wire()) },
          `${parley.url}/api/webhooks/instagram/00000000-0000-4000-8000-000000000000`,
        ),
    ],
  ])('because it %s gets 401 and leaves no row', async (_, send) => {
    const answer = await send()
    expect(answer.status).toBe(401)
    expect(await rows()).toBe(before)
  })

  it('gets 413 over 4 MiB, and 200 just below', async () => {
    const big = (bytes: number) => {
      const empty = delivery(item('S-big', `big-${bytes}`, '')).length
      return delivery(item('S-big', `big-${bytes}`, 'x'.repeat(bytes - empty)))
    }
    const limit = 4 * 1024 * 1024
    const just = big(limit)
    expect((await post(just, { 'x-hub-signature-256': sign(just) })).status).toBe(200)
    const tooMuch = `${just} `
    const over = await post(tooMuch, { 'x-hub-signature-256': sign(tooMuch) }).then(
      (answer) => answer.status,
      // The server may close the connection before all of it is sent.
      () => 413,
    )
    expect(over).toBe(413)
  })
})

describe('a signed delivery', () => {
  it('answers 200 only after its events are committed', async () => {
    const body = delivery(item('S-commit', 'commit-1'))
    const answer = await post(body, { 'x-hub-signature-256': sign(body) })
    expect(await answer.text()).toBe('EVENT_RECEIVED')
    expect(await parley.database.sql`select 1 from inbound_event where igsid = 'S-commit'`).toHaveLength(1)
  })

  it('answers 503 when it cannot be stored, and is taken in when it comes again', async () => {
    const body = delivery(item('S-locked', 'locked-1'))
    await parley.database.sql`alter table seen rename to seen_away`
    try {
      expect((await post(body, { 'x-hub-signature-256': sign(body) })).status).toBe(503)
    } finally {
      await parley.database.sql`alter table seen_away rename to seen`
    }
    expect(await parley.database.sql`select 1 from inbound_event where igsid = 'S-locked'`).toHaveLength(0)
    expect((await post(body, { 'x-hub-signature-256': sign(body) })).status).toBe(200)
    expect(await parley.database.sql`select 1 from inbound_event where igsid = 'S-locked'`).toHaveLength(1)
  })

  it('has one effect when it comes five times', async () => {
    const body = delivery(item('S-five', 'five-1'), item('S-five', 'five-2'))
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => post(body, { 'x-hub-signature-256': sign(body) })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await parley.database.sql`select 1 from message where igsid = 'S-five'`).toHaveLength(2)
  })

  it('with one poisonous element hurts none of its neighbours', async () => {
    const poison = [
      null,
      'x',
      { message: {} },
      { ...item('S-poison', 'p'), sender: { id: {} } },
      { ...item('S-poison', 'p2'), recipient: { id: 'x' } },
    ]
    const body = delivery(item('S-good', 'good-1'), ...poison, item('S-good', 'good-2', 'NUL \u0000 and \ud800'))
    expect((await post(body, { 'x-hub-signature-256': sign(body) })).status).toBe(200)
    expect(await parley.database.sql`select 1 from message where igsid = 'S-good'`).toHaveLength(2)
    expect(
      await parley.database.sql`select 1 from delivery where verdict = 'quarantined' and account_id = ${shop.igId}`,
    ).toHaveLength(poison.length)
  })

  it('that is no JSON at all is kept and answered 200', async () => {
    const body = 'not json'
    expect((await post(body, { 'x-hub-signature-256': sign(body) })).status).toBe(200)
    expect(await parley.database.sql`select body from delivery where reason = 'The body is not JSON.'`).toMatchObject([{ body }])
  })
})

describe('the verification', () => {
  const ask = (query: Record<string, string>, url = shop.webhookUrl) => fetch(`${url}?${new URLSearchParams(query)}`)
  it('refuses a wrong token, a wrong mode and a challenge that is no challenge', async () => {
    const wrong = { 'hub.mode': 'subscribe', 'hub.verify_token': 'wrong', 'hub.challenge': '123' }
    expect((await ask(wrong)).status).toBe(403)
    expect((await ask({ ...wrong, 'hub.challenge': '<script>' })).status).toBe(403)
    expect((await ask({})).status).toBe(403)
    // The right one is answered: openShop's subscription would have failed otherwise.
  })
})

describe('another method', () => {
  it('is told which ones there are', async () => {
    const answer = await fetch(shop.webhookUrl, { method: 'PUT', body: '{}' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST'])
  })
})

describe('two hundred people who write at once', () => {
  it('are each answered in order, by two workers', async () => {
    const crowd = await openShop(parley)
    await crowd.knobs({ concurrency: 20 })
    await crowd.crowd(200, ['go 1', 'go 2'])
    const words = [...WORDS, ...WORDS]
    const heard = async () => (await crowd.threads()).map((thread) => thread.heard.join(' '))
    await expect.poll(async () => (await heard()).filter((all) => all === words.join(' ')).length, { timeout: 90_000 }).toBe(200)
    // The last answers may still be on their way into the outbox.
    const statuses = async () => [
      ...(await parley.database.sql`select distinct status from outbox where account_id = ${crowd.igId}`),
    ]
    await expect.poll(statuses, { timeout: 20_000 }).toEqual([{ status: 'sent' }])
  })
})
