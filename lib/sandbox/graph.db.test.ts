import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { type Sandbox, startSandbox } from './main'
import { call, drive, type Json, type Receiver, scene, startReceiver, until } from './testing'

const HOUR = 3_600_000
let database: FreshDatabase
let sandbox: Sandbox
let receiver: Receiver

beforeAll(async () => {
  database = await freshDatabase()
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, databaseUrl: database.url })
  receiver = await startReceiver()
})
afterAll(async () => {
  await sandbox.stop()
  await receiver.close()
  await database.close()
})
beforeEach(async () => {
  await drive(sandbox.url, 'POST', '/reset')
  receiver.received.length = 0
  receiver.answerWith(() => 200)
})

const { driver, shop, meeting } = scene(
  () => sandbox.url,
  () => receiver,
)

describe('who may call', () => {
  it('looks at the token before anything else', async () => {
    const { account, bearer } = await meeting()
    const at = (base: string, path: string, headers: Record<string, string>) => call('GET', `${base}${path}`, undefined, headers)
    const wrong = await at(account.graphUrl, '/v26.0/no/such/thing', { Authorization: 'Bearer nonsense' })
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 190, fbtrace_id: expect.any(String) } } })
    expect((await at(account.graphUrl, '/v26.0/no/such', bearer)).body.error).toMatchObject({
      code: 100,
      error_subcode: 33,
      type: 'IGApiException',
    })
    // Each host takes its own token only.
    expect((await at(account.facebookGraphUrl, '/me', bearer)).body.error.code).toBe(190)
    await driver('PATCH', `/accounts/${account.igId}/settings`, { token: 'expired' })
    expect((await at(account.graphUrl, '/me', bearer)).body.error).toMatchObject({ code: 190, error_subcode: 463 })
  })

  it('takes the token as header, query or form field, with any version or none', async () => {
    const { account, igsid } = await meeting()
    const token = account.accessToken
    for (const path of ['/me', '/v1.0/me', '/v99.9/me']) {
      expect((await call('GET', `${account.graphUrl}${path}?access_token=${token}`)).body.id).toBe(account.appScopedId)
    }
    const form = new URLSearchParams({
      access_token: token,
      recipient: JSON.stringify({ id: igsid }),
      message: '{"text":"form"}',
    })
    const sent = await call('POST', `${account.graphUrl}/${account.igId}/messages`, form.toString(), {
      'Content-Type': 'application/x-www-form-urlencoded',
    })
    expect(sent).toMatchObject({ status: 200, body: { recipient_id: igsid } })
  })

  it('tells who it is: two ids on one host, the Page on the other', async () => {
    const { account, graph } = await meeting()
    const fields = 'id,user_id,username,name,account_type'
    const flat = {
      id: account.appScopedId,
      user_id: account.igId,
      username: account.username,
      name: account.name,
      account_type: 'BUSINESS',
    }
    expect((await graph(`/me?fields=${fields}`)).body).toEqual(flat)
    await driver('PATCH', `/accounts/${account.igId}/settings`, { meShape: 'wrapped' })
    expect((await graph(`/me?fields=${fields}`)).body).toEqual({ data: [flat] })
    expect((await graph('/me?fields=shoe_size')).body.error.message).toContain('nonexisting field (shoe_size)')

    const page = (path: string) =>
      call('GET', `${account.facebookGraphUrl}/v26.0${path}`, undefined, { Authorization: `Bearer ${account.pageAccessToken}` })
    expect((await page('/me')).body).toEqual({ name: account.name, id: account.pageId })
    expect((await page('/me?fields=instagram_business_account{id,username}')).body).toEqual({
      id: account.pageId,
      instagram_business_account: { id: account.igId, username: account.username },
    })
    expect((await page('/me?fields=instagram_business_account{account_type}')).body.error.code).toBe(100)
  })

  it('sends by the Page on graph.facebook.com and refuses the account’s own node there', async () => {
    const { account, igsid } = await meeting()
    const headers = { Authorization: `Bearer ${account.pageAccessToken}` }
    const body = { recipient: { id: igsid }, message: { text: 'hello' } }
    const by = (node: string) => call('POST', `${account.facebookGraphUrl}/v26.0/${node}/messages`, body, headers)
    expect((await by(account.igId)).body.error.code).toBe(3)
    expect((await by(account.pageId)).status).toBe(200)
    expect((await by('me')).status).toBe(200)
    expect((await by('123')).body.error).toMatchObject({ code: 100, error_subcode: 33 })
  })
})

describe('who may be written to', () => {
  it('only who wrote to this very account', async () => {
    const { say, igsid, bearer } = await meeting()
    const other = await shop()
    expect((await say({ text: 'x' }, { recipient: { id: '60000000000000000' } })).body.error).toMatchObject({
      code: 100,
      error_subcode: 2534014,
    })
    const headers = { Authorization: `Bearer ${other.accessToken}` }
    const foreign = await call(
      'POST',
      `${other.graphUrl}/me/messages`,
      { recipient: { id: igsid }, message: { text: 'x' } },
      headers,
    )
    expect(foreign.body.error).toMatchObject({ code: 100, error_subcode: 2534014 })
    expect(bearer).toBeTruthy()
  })

  it('nobody whose id is known but who never wrote', async () => {
    const { account, bearer, graph, say } = await meeting()
    const { id } = await driver('POST', '/people', {})
    const { igsid } = await driver('POST', `/people/${id}/threads/${account.igId}/introductions`)
    expect(await graph(`/${igsid}?fields=name`)).toMatchObject({ status: 500, body: { error: { code: 230 } } })
    expect((await say({ text: 'x' }, { recipient: { id: igsid } })).body.error).toMatchObject({
      code: 100,
      error_subcode: 2534014,
    })
    expect((await call('GET', `${account.graphUrl}/me/conversations?user_id=${igsid}`, undefined, bearer)).body.data).toEqual([])
    await driver('POST', `/people/${id}/threads/${account.igId}/postbacks`, { payload: 'ICE' })
    expect((await graph(`/${igsid}?fields=username`)).status).toBe(200)
    expect((await say({ text: 'x' }, { recipient: { id: igsid } })).status).toBe(200)
  })

  it('within 24 hours of her last action, 7 days for a person, by the clock everybody shares', async () => {
    const { say, thread } = await meeting()
    const { now } = await driver('GET', '/clock')
    await driver('POST', '/clock', { advanceMs: 24 * HOUR - 60_000 })
    expect((await say({ text: 'in time' })).status).toBe(200)
    // Reading and reacting open nothing.
    await driver('POST', `${thread}/reads`)
    await driver('POST', '/clock', { advanceMs: 60_000 })
    expect(await say({ text: 'too late' })).toMatchObject({ status: 403, body: { error: { code: 10, error_subcode: 2534022 } } })
    const human = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }
    expect((await say({ text: 'a person' }, human)).status).toBe(200)
    await driver('POST', '/clock', { advanceMs: 6 * 24 * HOUR })
    expect((await say({ text: 'a person' }, human)).body.error).toMatchObject({ code: 10, error_subcode: 2534022 })
    await driver('POST', `${thread}/postbacks`, { payload: 'MENU' })
    expect((await say({ text: 'open again' })).status).toBe(200)

    const [row] = await database.sql`select extract(epoch from app_now()) * 1000 as now`
    expect(Number(row!.now) - now).toBeGreaterThan(7 * 24 * HOUR - 1)
    expect(Math.abs(Number(row!.now) - (await driver('GET', '/clock')).now)).toBeLessThan(5000)
    await driver('POST', '/clock/reset')
    const [offset] = await database.sql`select offset_ms::text as ms from app_clock`
    expect(offset!.ms).toBe('0')
  })

  it('not who blocked the account', async () => {
    const { account, say, thread, graph, igsid } = await meeting()
    expect((await graph(`/${igsid}?fields=name,username,is_user_follow_business`)).body).toEqual({
      id: igsid,
      name: 'Mia',
      username: 'mia.r',
      is_user_follow_business: false,
    })
    await driver('POST', `${thread}/block`)
    expect((await say({ text: 'x' })).body.error).toMatchObject({ code: 551, error_subcode: 1545041 })
    await driver('PATCH', `/accounts/${account.igId}/settings`, { blockedCode: 200 })
    expect((await say({ text: 'x' })).body.error).toMatchObject({ code: 200, error_subcode: 1545041 })
    expect((await graph(`/${igsid}?fields=name`)).body.error.code).toBe(230)
    expect((await call('POST', `${sandbox.url}/driver${thread}/messages`, { text: 'x' })).status).toBe(409)
    await driver('POST', `${thread}/unblock`)
    expect((await say({ text: 'x' })).status).toBe(200)
  })

  it('not faster than the rate', async () => {
    const { account, say } = await meeting({ settings: { textPerSecond: 3 } })
    const replies = await Promise.all(Array.from({ length: 12 }, (_, index) => say({ text: `n${index}` })))
    const refused = replies.filter((reply) => reply.status !== 200)
    expect(refused.length).toBeGreaterThanOrEqual(6)
    expect(refused.length).toBeLessThanOrEqual(9)
    for (const { body } of refused) expect(body.error).toMatchObject({ code: 613, error_subcode: 2534040 })
    await driver('PATCH', `/accounts/${account.igId}/settings`, { textPerSecond: 1000 })
    await until(async () => (await say({ text: 'later' })).status === 200)
  })

  it('with pictures it can fetch, of a type and size it takes', async () => {
    const { thread, say } = await meeting()
    const keep = async (base64: string, contentType: string): Promise<string> => {
      await driver('POST', `${thread}/messages`, { images: [{ base64, contentType }] })
      const view = await driver('GET', thread)
      return view.messages.at(-1).images[0]
    }
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
    const attach = async (url: string) =>
      (await say({ attachment: { type: 'image', payload: { url } } })).body.error?.error_subcode ?? 'fine'
    expect(await attach(await keep(png.toString('base64'), 'image/png'))).toBe('fine')
    expect(await attach(await keep(png.toString('base64'), 'text/html'))).toBe(2018047)
    expect(await attach(await keep(Buffer.from('<html>').toString('base64'), 'image/png'))).toBe(2018047)
    const edge = Buffer.concat([png, Buffer.alloc(8 * 1024 * 1024 - png.length)])
    expect(await attach(await keep(edge.toString('base64'), 'image/png'))).toBe('fine')
    expect(await attach(await keep(Buffer.concat([edge, png.subarray(0, 1)]).toString('base64'), 'image/png'))).toBe(2018109)
    expect(await attach(`${sandbox.url}/nowhere.png`)).toBe(2018008)
    expect(await attach('http://127.0.0.1:1/refused.png')).toBe(2018008)
    expect(await attach('https://cdn.example/believed.png')).toBe('fine')
  })
})

describe('look-ups', () => {
  it('list conversations and messages, newest first, and remember the newest 20', async () => {
    const { account, graph, say, igsid, mia } = await meeting({ settings: { conversationsPerSecond: 1000 } })
    const mids: string[] = []
    for (let n = 1; n <= 24; n += 1) mids.unshift((await say({ text: `n${n}` })).body.message_id)
    await driver('POST', '/bulk', { igId: account.igId, people: 3, texts: ['a'] })

    const page = (await graph('/me/conversations?platform=instagram&limit=3')).body
    expect(page.data).toHaveLength(3)
    const rest = await fetch(`${page.paging.next}&access_token=${account.accessToken}`).then((answer) => answer.json() as Json)
    expect(rest.data).toHaveLength(1)
    expect(rest.paging).toBeUndefined()
    const mine = (await graph(`/me/conversations?user_id=${igsid}&fields=id,updated_time,participants`)).body.data
    expect(mine).toEqual([
      {
        id: rest.data[0].id,
        updated_time: expect.stringMatching(/\+0000$/),
        participants: {
          data: [
            { username: account.username, id: account.igId },
            { username: mia.username, id: igsid },
          ],
        },
      },
    ])
    const fields = 'id,created_time,from,to,message'
    const nested = (await graph(`/${mine[0].id}?fields=messages.limit(22){${fields}}`)).body.messages
    const flat = (await graph(`/${mine[0].id}/messages?fields=${fields}&limit=22`)).body
    expect(nested).toEqual(flat)
    expect(flat.data.map((one: Json) => one.id)).toEqual(mids.slice(0, 22))
    expect(flat.data[0]).toEqual({
      id: mids[0],
      created_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/),
      from: { username: account.username, id: account.igId },
      to: { data: [{ username: 'mia.r', id: igsid }] },
      message: 'n24',
    })
    expect(flat.data[19].message).toBe('n5')
    expect(Object.keys(flat.data[20])).toEqual(['id', 'created_time'])
    const next = await fetch(`${flat.paging.next}&access_token=${account.accessToken}`).then((answer) => answer.json() as Json)
    expect(next.data.map((one: Json) => one.id).slice(0, 2)).toEqual(mids.slice(22))
    expect((await graph(`/${mids[19]}?fields=${fields}`)).body.message).toBe('n5')
    expect((await graph(`/${mids[20]}?fields=${fields}`)).body.error.code).toBe(9000001)
  })

  it('on graph.facebook.com list Instagram’s threads only when told so', async () => {
    const { account } = await meeting({ settings: { conversationsPerSecond: 1000 } })
    const page = (query: string) =>
      call('GET', `${account.facebookGraphUrl}/v26.0/${account.pageId}/conversations${query}`, undefined, {
        Authorization: `Bearer ${account.pageAccessToken}`,
      })
    expect((await page('')).body.data).toEqual([])
    expect((await page('?platform=instagram')).body.data).toHaveLength(1)
  })

  it('are two a second', async () => {
    const { graph } = await meeting()
    const replies = await Promise.all(Array.from({ length: 6 }, () => graph('/me/conversations')))
    const refused = replies.filter((reply) => reply.status !== 200)
    expect(refused.length).toBeGreaterThanOrEqual(3)
    for (const { body } of refused) expect(body.error.code).toBe(613)
  })
})
