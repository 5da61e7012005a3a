import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { type Sandbox, startSandbox } from './main'
import { call, drive, isSigned, type Json, type Receiver, startReceiver, until } from './testing'

const HOUR = 3_600_000
let database: FreshDatabase
let sandbox: Sandbox
let receiver: Receiver

beforeAll(async () => {
  database = await freshDatabase()
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
})
afterAll(async () => {
  await sandbox.stop()
  await database.close()
})
beforeEach(async () => {
  await driver('POST', '/reset')
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const driver = (method: string, path: string, body?: unknown) => drive(sandbox.url, method, path, body)

async function shop(knobs: object = {}): Promise<Json> {
  const account = await driver('POST', '/accounts', { verifyToken: 'verify-me-please', knobs })
  return driver('POST', `/accounts/${account.igId}/subscription`, { callbackUrl: receiver.url })
}

async function person(account: Json) {
  const { id } = await driver('POST', '/people', {})
  const thread = `/people/${id}/threads/${account.igId}`
  return { thread, writes: (text: string) => driver('POST', `${thread}/messages`, { text }) }
}

const bodies = () => receiver.received.map(({ body }) => body)
const texts = () => receiver.elements().map((element: Json) => element.message?.text)
const idle = () => driver('GET', '/idle?wait=20000')
const pending = async (): Promise<Json[]> => (await driver('GET', '/deliveries?state=pending')).deliveries

describe('the handshake', () => {
  it('comes before the first delivery and fails closed', async () => {
    const account = await driver('POST', '/accounts', { verifyToken: 'another-token' })
    const subscribe = (body: object) => call('POST', `${sandbox.url}/driver/accounts/${account.igId}/subscription`, body)
    const { writes } = await person(account)
    expect(await subscribe({ callbackUrl: receiver.url })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('verify token') },
    })
    expect((await subscribe({ callbackUrl: 'http://127.0.0.1:1/' })).status).toBe(422)
    expect((await subscribe({ callbackUrl: 'ftp://127.0.0.1/' })).status).toBe(400)
    // 200, but not the challenge.
    expect((await subscribe({ callbackUrl: `${sandbox.url}/` })).status).toBe(422)
    await writes('nobody listens')
    expect((await driver('GET', '/deliveries')).deliveries).toEqual([])
    expect(
      (await subscribe({ callbackUrl: receiver.url, verifyToken: 'verify-me-please', appSecret: 'a-secret-of-mine' })).status,
    ).toBe(200)
    await writes('somebody listens')
    await idle()
    expect(texts()).toEqual(['somebody listens'])
    expect(isSigned(receiver.received[0]!, 'a-secret-of-mine')).toBe(true)
  })
})

describe('a delivery that is not taken', () => {
  it('is tried again at once, then after growing gaps of the shared clock, byte for byte the same', async () => {
    const { writes } = await person(await shop())
    receiver.answerWith(() => 503)
    await writes('first 👋')
    await until(() => receiver.received.length === 2)
    await writes('second')
    for (let tries = 3; tries <= 6; tries += 1) {
      await driver('POST', '/clock', { advanceMs: 10_000 })
      await until(() => receiver.received.length >= tries)
    }
    expect(new Set(bodies())).toEqual(new Set([bodies()[0]]))
    receiver.answerWith(() => 200)
    await driver('POST', '/clock', { advanceMs: HOUR })
    await idle()
    // What came behind it waited, so the order is kept.
    expect(texts().slice(-2)).toEqual(['first 👋', 'second'])
    const [delivery] = (await driver('GET', '/deliveries')).deliveries
    expect(delivery.state).toBe('delivered')
    expect(delivery.body).toBe(bodies()[0])
    expect(delivery.attempts.slice(0, 3).map((attempt: Json) => attempt.status)).toEqual([503, 503, 503])
  })

  it('is given up after 36 hours', async () => {
    const { writes } = await person(await shop())
    receiver.answerWith(() => 500)
    await writes('never')
    await until(() => receiver.received.length === 2)
    for (let hours = 0; hours < 42; hours += 6) {
      const tries = receiver.received.length
      await driver('POST', '/clock', { advanceMs: 6 * HOUR })
      await until(async () => receiver.received.length > tries || (await pending()).length === 0)
    }
    await until(async () => (await pending()).length === 0)
    expect((await driver('GET', '/deliveries')).deliveries[0].state).toBe('given-up')
  })

  it('counts as such when no answer comes within five seconds, and after any status but 200', async () => {
    const { writes } = await person(await shop())
    receiver.answerWith(() => (receiver.received.length === 1 ? 'hang' : receiver.received.length === 2 ? 204 : 200))
    await writes('slow')
    await until(() => receiver.received.length === 2, 15_000)
    await driver('POST', '/deliveries/retry', {})
    await idle()
    const [delivery] = (await driver('GET', '/deliveries')).deliveries
    expect(delivery.attempts.map((attempt: Json) => attempt.status)).toEqual([null, 204, 200])
    expect(delivery.attempts[0].ms).toBeGreaterThanOrEqual(4900)
    expect(delivery.attempts[0].ms).toBeLessThan(8000)
  })

  it('is overtaken when the order is loose', async () => {
    const { writes } = await person(await shop({ order: 'loose' }))
    receiver.answerWith(({ body }) => (body.includes('stuck') ? 500 : 200))
    await writes('stuck')
    await writes('passes')
    await until(() => bodies().some((body) => body.includes('passes')))
    expect(await pending()).toHaveLength(1)
  })

  it('survives a restart of the sandbox, with the state of everything else', async () => {
    const account = await shop()
    const { writes, thread } = await person(account)
    receiver.answerWith(() => 503)
    await writes('before')
    await writes('after')
    await driver('POST', '/clock', { advanceMs: 1000 })
    await driver('POST', `/accounts/${account.igId}/faults`, { kind: 'cut-before', times: 2 })
    await until(() => receiver.received.length >= 2)
    const before = await driver('GET', thread)
    const clock = await driver('GET', '/clock')
    await sandbox.stop()
    sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })

    expect(await driver('GET', thread)).toEqual(before)
    expect((await driver('GET', '/clock')).offsetMs).toBe(clock.offsetMs)
    expect((await driver('GET', `/accounts/${account.igId}/faults`)).faults).toHaveLength(1)
    const first = bodies()[0]
    receiver.received.length = 0
    receiver.answerWith(() => 200)
    await driver('POST', '/deliveries/retry', {})
    await idle()
    expect(texts()).toEqual(['before', 'after'])
    expect(bodies()[0]).toBe(first)
  })
})

describe('the knobs', () => {
  it('duplicates: the same bytes again', async () => {
    const { writes } = await person(await shop({ duplicates: 4 }))
    await writes('once')
    await idle()
    expect(bodies()).toHaveLength(5)
    expect(new Set(bodies()).size).toBe(1)
  })

  it('dropPercent: some never come, the same ones for the same seed', async () => {
    const fate = async () => {
      const account = await shop({ dropPercent: 40, seed: 7 })
      const { writes } = await person(account)
      for (let n = 0; n < 30; n += 1) await writes(`n${n}`)
      await idle()
      return (await driver('GET', `/deliveries?igId=${account.igId}`)).deliveries.map((one: Json) => one.state).join()
    }
    const first = await fate()
    expect(first.match(/dropped/g)!.length).toBeGreaterThan(5)
    expect(first.match(/delivered/g)!.length).toBeGreaterThan(5)
    expect(await fate()).toBe(first)
  })

  it('delayMs: later, in order', async () => {
    const { writes } = await person(await shop({ delayMs: HOUR }))
    await writes('one')
    await writes('two')
    expect(await pending()).toHaveLength(2)
    expect(bodies()).toEqual([])
    await driver('POST', '/clock', { advanceMs: HOUR })
    await idle()
    expect(texts()).toEqual(['one', 'two'])
  })

  it.each([
    ['items', 1, 3],
    ['entries', 3, 1],
  ])('batch as %s: several elements in one POST', async (batchAs, entries, items) => {
    const { writes } = await person(await shop({ batch: 3, batchWaitMs: 5000, batchAs }))
    for (const text of ['a', 'b', 'c', 'd']) await writes(text)
    await idle()
    expect(bodies()).toHaveLength(2)
    const { entry } = JSON.parse(bodies()[0]!)
    expect(entry).toHaveLength(entries)
    expect(entry[0].messaging).toHaveLength(items)
    expect(texts()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('shuffle: all come, in another order', async () => {
    const account = await shop({ shuffle: true, delayMs: 1000 })
    const { writes } = await person(account)
    const said = Array.from({ length: 12 }, (_, index) => `n${index}`)
    for (const text of said) await writes(text)
    await driver('POST', '/clock', { advanceMs: 2000 })
    await idle()
    expect(texts()).not.toEqual(said)
    expect(texts().sort()).toEqual([...said].sort())
  })

  it.each([
    ['wrong', (account: Json) => expect(isSigned(receiver.received[0]!, account.appSecret)).toBe(false)],
    ['missing', () => expect(receiver.received[0]!.headers['x-hub-signature-256']).toBeUndefined()],
  ])('signature %s, until it is mended', async (signature, look) => {
    const account = await shop({ signature })
    const { writes } = await person(account)
    receiver.answerWith((one) => (isSigned(one, account.appSecret) ? 200 : 401))
    await writes('who?')
    await until(() => receiver.received.length === 2)
    look(account)
    await driver('PATCH', `/accounts/${account.igId}/knobs`, { signature: 'ok' })
    await driver('POST', '/deliveries/retry', {})
    await idle()
    expect(isSigned(receiver.received.at(-1)!, account.appSecret)).toBe(true)
    expect(receiver.received.at(-1)!.headers['x-hub-signature']).toMatch(/^sha1=[0-9a-f]{40}$/)
  })

  it('echo: off, late, or before the response', async () => {
    const account = await shop({ echo: 'off' })
    const { writes, thread } = await person(account)
    const { igsid } = await writes('hi')
    const say = (text: string) =>
      call(
        'POST',
        `${account.graphUrl}/me/messages`,
        { recipient: { id: igsid }, message: { text } },
        { Authorization: `Bearer ${account.accessToken}` },
      )
    const turn = (echo: unknown) => driver('PATCH', `/accounts/${account.igId}/knobs`, { echo })
    await say('without')
    await driver('POST', `${thread}/owner-messages`, { text: 'typed in the app' })
    await turn({ late: HOUR })
    await say('late')
    await writes('not held up')
    await turn('before-response')
    let answeredBeforeEcho = false
    receiver.answerWith(({ body }) => {
      answeredBeforeEcho ||= body.includes('early') && isAnswered
      return 200
    })
    let isAnswered = false
    await say('early').then(() => {
      isAnswered = true
    })
    expect(texts()).toEqual(['hi', 'typed in the app', 'not held up', 'early'])
    expect(answeredBeforeEcho).toBe(false)
    await driver('POST', '/clock', { advanceMs: HOUR })
    await until(() => texts().includes('late'))
  })

  it('concurrency: two hundred people at once, each in her own order', async () => {
    const account = await shop({ concurrency: 20 })
    let [now, most] = [0, 0]
    receiver.answerWith(() => {
      now += 1
      most = Math.max(most, now)
      setImmediate(() => {
        now -= 1
      })
      return 200
    })
    const { people } = await driver('POST', '/bulk', { igId: account.igId, people: 200, texts: ['{n} a', '{n} b', '{n} c'] })
    expect(await idle()).toEqual({ pending: 0 })
    expect(bodies()).toHaveLength(600)
    const byPerson = Map.groupBy(receiver.elements() as Json[], (element) => element.sender.id)
    expect(byPerson.size).toBe(200)
    for (const [index, { igsid }] of people.entries()) {
      expect(byPerson.get(igsid)!.map((element) => element.message.text)).toEqual(
        ['a', 'b', 'c'].map((letter) => `${index + 1} ${letter}`),
      )
    }
    expect(most).toBeGreaterThan(1)
  })

  it('several accounts go in parallel: one that is stuck holds nobody else', async () => {
    const [slow, quick] = [await shop(), await shop()]
    receiver.answerWith(({ body }) => (body.includes(slow.igId) ? 500 : 200))
    await (await person(slow)).writes('stuck')
    await (await person(quick)).writes('through')
    await until(() => bodies().some((body) => body.includes('through')))
    expect(await pending()).toHaveLength(1)
  })
})
