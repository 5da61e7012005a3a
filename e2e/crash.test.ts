import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Parley, startParley } from './parley'
import { busyRows, openShop, type Shop, WORDS } from './shop'

/*
 * Processes of the production build are killed, without warning, between every two steps of the engine, and started again.
 * Whatever Instagram's echo does meanwhile, every person must have heard exactly the words due to them, in order.
 */

const PEOPLE = 4
const TEXTS = ['go 1', 'go 2']
const expected = TEXTS.flatMap(() => WORDS)

let parley: Parley
beforeAll(async () => {
  parley = await startParley()
})
afterAll(() => parley.close())

async function heardInTheEnd(shop: Shop): Promise<string[][]> {
  const heard = async () => (await shop.threads()).map((thread) => thread.heard)
  const isComplete = async () => {
    const all = await heard()
    return all.length === PEOPLE && all.every((words) => words.length >= expected.length) && (await busyRows(parley)) === 0
  }
  await expect.poll(isComplete, { timeout: 60_000, interval: 50 }).toBe(true)
  return heard()
}

const echoes = { on: 'on', off: 'off', late: { late: 700 }, 'before the answer': 'before-response' } as const

describe.each(Object.entries(echoes))('with the echo %s', (_, echo) => {
  it.each([
    ['step:read', 1],
    ['step:committed', 1],
    ['send:claimed', 2],
    ['send:answered', 2],
    ['send:settled', 3],
  ] as const)('a worker that dies at %s costs nothing', async (point, nth) => {
    const [worker] = parley.workers
    const shop = await openShop(parley)
    await shop.knobs({ echo })
    await worker!.stop()
    await worker!.start({ CRASH_AT: point, CRASH_NTH: String(nth) })
    await shop.crowd(PEOPLE, TEXTS)
    await worker!.ended()
    await worker!.start()
    expect(await heardInTheEnd(shop)).toEqual(Array.from({ length: PEOPLE }, () => expected))
    const rows = await parley.database.sql`
      select status, count(*)::int from outbox where account_id = ${shop.igId} group by status`
    expect([...rows]).toEqual([{ status: 'sent', count: PEOPLE * expected.length }])
    const holds = await parley.database.sql`select distinct hold from conversation where account_id = ${shop.igId}`
    expect([...holds]).toEqual([{ hold: 'bot' }])
  })
})

describe('a worker that dies again while it repairs', () => {
  it('costs nothing either', async () => {
    const [worker] = parley.workers
    const shop = await openShop(parley)
    // Without echoes the only way to know is to look.
    await shop.knobs({ echo: 'off' })
    await worker!.stop()
    await worker!.start({ CRASH_AT: 'send:answered', CRASH_NTH: '3' })
    await shop.crowd(PEOPLE, TEXTS)
    await worker!.ended()
    await worker!.start({ CRASH_AT: 'reconcile:looked', CRASH_NTH: '1' })
    await worker!.ended()
    await worker!.start()
    expect(await heardInTheEnd(shop)).toEqual(Array.from({ length: PEOPLE }, () => expected))
  })
})

describe('a web process that dies', () => {
  it.each([
    ['ingest:read', 2],
    ['ingest:committed', 2],
  ] as const)('at %s loses no message and doubles none', async (point, nth) => {
    const shop = await openShop(parley)
    await parley.web.stop()
    await parley.web.start({ CRASH_AT: point, CRASH_NTH: String(nth) })
    await shop.crowd(PEOPLE, TEXTS)
    await parley.web.ended()
    await parley.web.start()
    // Instagram tries again after a while; the while is made short.
    const isDelivered = async () => {
      await parley.driver('POST', '/clock', { advanceMs: 60_000 })
      return (await shop.threads()).every((thread) => thread.heard.length >= expected.length)
    }
    await expect.poll(isDelivered, { timeout: 60_000, interval: 200 }).toBe(true)
    expect(await heardInTheEnd(shop)).toEqual(Array.from({ length: PEOPLE }, () => expected))
  })
})
