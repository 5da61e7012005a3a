import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { type Sandbox, startSandbox } from './main'
import { call, drive, isSigned, type Json, type Receiver, scene, startReceiver } from './testing'

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

const { driver, meeting } = scene(
  () => sandbox.url,
  () => receiver,
)

const heard = (view: Json): string[] => view.messages.filter((one: Json) => one.from === 'account').map((one: Json) => one.text)

describe('the thread', () => {
  it('goes from a person to the webhook, through Graph and back to her', async () => {
    const { account, igsid, say, see, idle } = await meeting()
    const sent = await say({
      text: 'Grüß dich 👋 https://a.b/c',
      quick_replies: [
        { content_type: 'text', title: 'A title of over twenty characters', payload: 'LONG' },
        { content_type: 'user_email' },
        { content_type: 'user_phone_number' },
      ],
    })
    expect(sent).toEqual({ status: 200, body: { recipient_id: igsid, message_id: expect.stringMatching(/^aWdf.{100,}$/) } })
    await idle()

    expect(receiver.received).toHaveLength(2)
    const [first, echo] = receiver.received
    expect(JSON.parse(first!.body)).toEqual({
      object: 'instagram',
      entry: [
        {
          time: expect.any(Number),
          id: account.igId,
          messaging: [
            {
              sender: { id: igsid },
              recipient: { id: account.igId },
              timestamp: expect.any(Number),
              message: { mid: expect.any(String), text: 'hi' },
            },
          ],
        },
      ],
    })
    expect(echo!.body).toContain('Gr\\u00fc\\u00df dich \\ud83d\\udc4b https:\\/\\/a.b\\/c')
    expect(JSON.parse(echo!.body).entry[0].messaging[0]).toMatchObject({
      sender: { id: account.igId },
      recipient: { id: igsid },
      message: { mid: sent.body.message_id, is_echo: true },
    })
    for (const one of receiver.received) expect(isSigned(one, account.appSecret)).toBe(true)

    const view = await see()
    // She has an e-mail address but no phone number in her profile.
    expect(view.chips.map((chip: Json) => chip.title)).toEqual(['A title of over twen', 'mia@example.org'])
  })

  it('shows chips until one is tapped or the account writes again; typed text leaves them', async () => {
    const { account, thread, say, see, idle } = await meeting()
    const chips = (...titles: string[]) => titles.map((title) => ({ content_type: 'text', title, payload: `P:${title}` }))
    await say({ text: 'Size?', quick_replies: [...chips('Small', 'Large', 'Large'), { content_type: 'user_email' }] })
    await driver('POST', `${thread}/messages`, { text: 'hm' })
    expect((await see()).chips).toHaveLength(4)
    const refused = await call('POST', `${sandbox.url}/driver${thread}/taps`, { title: 'Huge' })
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('"Small"') } })
    expect((await call('POST', `${sandbox.url}/driver${thread}/taps`, { title: 'Large' })).status).toBe(409)
    await driver('POST', `${thread}/taps`, { index: 1 })
    expect((await see()).chips).toEqual([])
    expect((await call('POST', `${sandbox.url}/driver${thread}/taps`, { title: 'Small' })).status).toBe(409)

    await say({ text: 'Mail?', quick_replies: [{ content_type: 'user_email' }] })
    await driver('POST', `${thread}/taps`, { title: 'mia@example.org' })
    await say({ text: 'Again?', quick_replies: chips('Yes') })
    await say({ text: 'Never mind' })
    expect((await see()).chips).toEqual([])

    await idle()
    const taps = receiver.elements().filter((one: Json) => one.message?.quick_reply)
    expect(taps.map((one: Json) => [one.message.text, one.message.quick_reply.payload])).toEqual([
      ['Large', 'P:Large'],
      ['mia@example.org', 'mia@example.org'],
    ])
    expect(account.igId).toMatch(/^1784140\d{10}$/)
  })

  it('tells everything a person can do, in Meta’s shapes', async () => {
    const { account, igsid, thread, say, see, idle, graph } = await meeting()
    const sent = await say({ text: 'hello' })
    await driver('POST', `${thread}/reads`)
    await driver('POST', `${thread}/reactions`, { mid: sent.body.message_id, reaction: 'love' })
    await driver('POST', `${thread}/reactions`, { mid: sent.body.message_id, reaction: null })
    await driver('POST', `${thread}/postbacks`, { payload: 'FAQ', title: 'Hours' })
    const { mid: picture } = await driver('POST', `${thread}/messages`, {
      images: [{ base64: Buffer.from('GIF89a').toString('base64'), contentType: 'image/gif' }, 'https://cdn.example/x.png'],
    })
    const { mid: typo } = await driver('POST', `${thread}/messages`, { text: 'helo', replyTo: sent.body.message_id })
    await driver('POST', `${thread}/edits`, { mid: typo, text: 'hello' })
    await driver('POST', `${thread}/messages`, {
      text: 'love it',
      story: { id: '18000000000000001', url: 'https://cdn.example/story' },
    })
    await driver('POST', `${thread}/messages`, { isUnsupported: true })
    await driver('POST', `${thread}/owner-messages`, { text: 'from my phone' })
    await idle()
    const elements: Json[] = receiver.elements().slice(2)
    const images = elements[4].message.attachments
    expect(await fetch(images[0].payload.url).then((answer) => answer.text())).toBe('GIF89a')
    expect((await fetch(`${images[0].payload.url}x`)).status).toBe(404)

    const { mid: gone } = await driver('POST', `${thread}/unsends`, { mid: picture })
    await idle()
    expect((await fetch(images[0].payload.url)).status).toBe(410)
    expect((await graph(`/${gone}?fields=message`)).body.error).toMatchObject({ code: 9000001 })

    const hers = { sender: { id: igsid }, recipient: { id: account.igId }, timestamp: expect.any(Number) }
    const mid = sent.body.message_id
    expect(receiver.elements().slice(2)).toEqual([
      { ...hers, read: { mid } },
      { ...hers, reaction: { mid, action: 'react', reaction: 'love', emoji: '❤️' } },
      { ...hers, reaction: { mid, action: 'unreact' } },
      { ...hers, postback: { mid: expect.any(String), title: 'Hours', payload: 'FAQ' } },
      {
        ...hers,
        message: {
          mid: picture,
          attachments: [
            { type: 'image', payload: { url: expect.any(String) } },
            { type: 'image', payload: { url: 'https://cdn.example/x.png' } },
          ],
        },
      },
      { ...hers, message: { mid: typo, text: 'helo', reply_to: { mid } } },
      { ...hers, message_edit: { mid: typo, text: 'hello', num_edit: 1 } },
      {
        ...hers,
        message: {
          mid: expect.any(String),
          text: 'love it',
          reply_to: { story: { id: '18000000000000001', url: 'https://cdn.example/story' } },
        },
      },
      { ...hers, message: { mid: expect.any(String), is_unsupported: true } },
      {
        sender: { id: account.igId },
        recipient: { id: igsid },
        timestamp: expect.any(Number),
        message: { mid: expect.any(String), text: 'from my phone', is_echo: true },
      },
      { ...hers, message: { mid: picture, is_deleted: true } },
    ])
    expect(heard(await see())).toEqual(['hello', 'from my phone'])
  })

  it('is heard by a long poll as soon as something changes', async () => {
    const { thread, say, see } = await meeting()
    const { seq } = await see()
    expect((await driver('GET', `${thread}?after=${seq}&wait=30`)).messages).toEqual([])
    const waiting = driver('GET', `${thread}?after=${seq}&wait=20000`)
    const began = Date.now()
    await say({ text: 'news' })
    expect(heard(await waiting)).toEqual(['news'])
    expect(Date.now() - began).toBeLessThan(10_000)
  })

  it('shows typing and seen, and makes no echo of them', async () => {
    const { account, igsid, bearer, see, idle } = await meeting()
    const act = (sender_action: string) =>
      call('POST', `${account.graphUrl}/me/messages`, { recipient: { id: igsid }, sender_action }, bearer)
    expect(await act('typing_on')).toEqual({ status: 200, body: { recipient_id: igsid } })
    expect(await see()).toMatchObject({ isTyping: true, seen: { byAccountAt: null } })
    await act('mark_seen')
    await act('typing_off')
    expect(await see()).toMatchObject({ isTyping: false, seen: { byAccountAt: expect.any(Number) } })
    await idle()
    expect(receiver.received).toHaveLength(1)
  })
})

describe('the door', () => {
  it('answers to names of this machine only', async () => {
    const status = (host: string) =>
      new Promise<number>((resolve, reject) => {
        request(`${sandbox.url}/driver`, { headers: { Host: host } }, (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
          .on('error', reject)
          .end()
      })
    expect(await status('localhost:1234')).toBe(200)
    expect(await status('127.0.0.1')).toBe(200)
    expect(await status('evil.example')).toBe(421)
    expect(await status('localhost.evil.example')).toBe(421)
    expect(await status('127.0.0.1.evil.example')).toBe(421)
  })

  it('takes no form from a page elsewhere and says what is wrong', async () => {
    const form = await call('POST', `${sandbox.url}/driver/reset`, '{}', { 'Content-Type': 'text/plain' })
    expect(form.status).toBe(415)
    const allowed = await fetch(`${sandbox.url}/driver`, { headers: { Origin: 'https://evil.example' } })
    expect(allowed.headers.get('access-control-allow-origin')).toBeNull()
    expect((await call('OPTIONS', `${sandbox.url}/driver/reset`)).status).not.toBe(200)
    const wrong = (path: string, body: unknown) => call('POST', `${sandbox.url}/driver${path}`, body)
    expect(await wrong('/clock', { advanceMs: -1 })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('advanceMs') },
    })
    expect(await wrong('/clock', '{')).toMatchObject({ status: 400, body: { detail: expect.stringContaining('JSON') } })
    expect(await wrong('/people', { nickname: 'x' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('nickname') },
    })
    expect(await wrong('/nothing', {})).toMatchObject({ status: 404 })
    expect((await call('GET', `${sandbox.url}/driver/reset`)).status).toBe(405)
    expect((await call('GET', `${sandbox.url}/driver/people/%zz`)).status).toBe(400)
    expect((await call('GET', `${sandbox.url}/driver/accounts/17840000000000000`)).status).toBe(404)
  })

  it('lists everything it can be asked, with the schema of each body', async () => {
    const { routes } = await driver('GET', '')
    expect(routes.length).toBeGreaterThan(30)
    const clock = routes.find((route: Json) => route.path === '/driver/clock' && route.method === 'POST')
    expect(clock.body.required).toEqual(['advanceMs'])
    for (const route of routes) expect(route.does).toMatch(/\.$/)
  })
})
