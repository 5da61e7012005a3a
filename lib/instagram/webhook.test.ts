import { describe, expect, it } from 'vitest'
import { metaTime, readWebhook } from './webhook'

const NOW = 1_780_000_500_000
const AT = 1_780_000_000_100
const B = '17841400000000011'
const S = '6600000000000301'

const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const delivery = (...messaging: unknown[]) => ({ object: 'instagram', entry: [{ id: B, time: AT + 50, messaging }] })
const fromPerson = (rest: object) => ({ sender: { id: S }, recipient: { id: B }, timestamp: AT, ...rest })
const read = (body: unknown) => readWebhook(bytes(body), NOW)

describe('readWebhook', () => {
  it.each([
    [
      'a text',
      { message: { mid: 'm1', text: 'hi' } },
      { type: 'message', mid: 'm1', text: 'hi', chip: null, attachments: [], replyTo: null },
      'message:m1',
    ],
    [
      'a chip',
      { message: { mid: 'm2', text: 'Blue', quick_reply: { payload: 'COLOR_BLUE' } } },
      { type: 'message', mid: 'm2', text: 'Blue', chip: 'COLOR_BLUE', attachments: [], replyTo: null },
      'message:m2',
    ],
    [
      'two pictures, one without an address',
      { message: { mid: 'm3', attachments: [{ type: 'image', payload: { url: 'https://x/1' } }, { type: 'ephemeral' }] } },
      {
        type: 'message',
        mid: 'm3',
        text: null,
        chip: null,
        attachments: [
          { type: 'image', url: 'https://x/1' },
          { type: 'ephemeral', url: null },
        ],
        replyTo: null,
      },
      'message:m3',
    ],
    [
      'a story reply',
      { message: { mid: 'm4', text: 'love it', reply_to: { story: { id: '180', url: 'https://x/story' } } } },
      { type: 'message', mid: 'm4', text: 'love it', chip: null, attachments: [], replyTo: { storyUrl: 'https://x/story' } },
      'message:m4',
    ],
    [
      'something unsupported',
      { message: { mid: 'm5', is_unsupported: true } },
      { type: 'message', mid: 'm5', text: null, chip: null, attachments: [{ type: 'unsupported', url: null }], replyTo: null },
      'message:m5',
    ],
    ['an unsend', { message: { mid: 'm1', is_deleted: true } }, { type: 'unsent', mid: 'm1' }, 'unsent:m1'],
    [
      'a postback',
      { postback: { mid: 'm7', title: 'Hours', payload: 'FAQ' } },
      { type: 'postback', mid: 'm7', title: 'Hours', payload: 'FAQ' },
      'postback:m7',
    ],
    ['seen', { read: { mid: 'out1' } }, { type: 'seen', mid: 'out1' }, 'seen:out1'],
    [
      'an edit',
      { message_edit: { mid: 'm1', text: 'hi there', num_edit: 1 } },
      { type: 'edited', mid: 'm1', text: 'hi there' },
      'edited:m1:1',
    ],
  ])('reads %s', (_, element, event, dedupeKey) => {
    expect(read(delivery(fromPerson(element)))).toEqual({
      heard: [{ accountId: B, igsid: S, dedupeKey, event: { sentAt: AT, ...event } }],
      quarantined: [],
    })
  })

  it('reads an echo with its sides swapped', () => {
    const element = {
      sender: { id: B },
      recipient: { id: S },
      timestamp: AT,
      message: { mid: 'out1', text: 'hello', is_echo: true },
    }
    expect(read(delivery(element)).heard).toEqual([
      {
        accountId: B,
        igsid: S,
        dedupeKey: 'echo:out1',
        event: { type: 'echo', sentAt: AT, mid: 'out1', text: 'hello', attachments: [], foreign: false },
      },
    ])
  })

  it('never takes what the account said for a person’s words, marked as an echo or not', () => {
    const element = { sender: { id: B }, recipient: { id: S }, timestamp: AT, message: { mid: 'out1', text: 'hello' } }
    expect(read(delivery(element)).heard).toMatchObject([{ igsid: S, dedupeKey: 'echo:out1', event: { type: 'echo' } }])
  })

  it('gives a postback without a mid the same key each time, and another one when the payload differs', () => {
    const keys = ['A', 'A', 'B'].map(
      (payload) => read(delivery(fromPerson({ postback: { title: 't', payload } }))).heard[0]?.dedupeKey,
    )
    expect(keys[0]).toBe(keys[1])
    expect(keys[0]).not.toBe(keys[2])
  })

  it('never rounds an id that comes as a number', () => {
    const body = `{"object":"instagram","entry":[{"id":17841400000000011,"time":1,"messaging":[{"sender":{"id":66000000000003011},"recipient":{"id":17841400000000011},"timestamp":${AT},"message":{"mid":"m","text":"hi"}}]}]}`
    expect(read(body).heard[0]).toMatchObject({ accountId: B, igsid: '66000000000003011' })
  })

  it('takes good elements in and quarantines the poisonous ones among them', () => {
    const poison = [
      null,
      7,
      {},
      fromPerson({ message: { mid: 5n.toString().repeat(600), text: 'x' } }),
      fromPerson({ message: { mid: {}, text: [] } }),
      { ...fromPerson({}), recipient: { id: 'somebody else' } },
    ]
    const reading = read(
      delivery(fromPerson({ message: { mid: 'a', text: '1' } }), ...poison, fromPerson({ message: { mid: 'b', text: '2' } })),
    )
    expect(reading.heard.map(({ dedupeKey }) => dedupeKey)).toEqual(['message:a', 'message:b'])
    expect(reading.quarantined).toHaveLength(poison.length)
    for (const row of reading.quarantined) expect(row).toMatchObject({ accountId: B, reason: expect.stringMatching(/\.$/) })
  })

  it('keeps what Postgres cannot store readable: NUL and half characters', () => {
    const body = `{"object":"instagram","entry":[{"id":"${B}","messaging":[{"sender":{"id":"${S}"},"recipient":{"id":"${B}"},"timestamp":${AT},"message":{"mid":"m","text":"a\\u0000b\\ud83dc"}}]}]}`
    expect(read(body).heard[0]?.event).toMatchObject({ text: 'a\ufffdb\ufffdc' })
  })

  it.each([
    ['no JSON', 'not json'],
    ['nothing', ''],
    ['another object', { object: 'page', entry: [] }],
    ['no entries', { object: 'instagram' }],
    [
      'a dashboard test',
      {
        object: 'instagram',
        entry: [{ id: '0', messaging: [fromPerson({ message: { mid: 'random_mid', text: 'random_text' } })] }],
      },
    ],
    ['an entry with nothing known', { object: 'instagram', entry: [{ id: B, time: 1 }] }],
    ['standby', { object: 'instagram', entry: [{ id: B, standby: [fromPerson({ message: { mid: 'm', text: 'x' } })] }] }],
  ])('quarantines %s and never throws', (_, body) => {
    const reading = read(body)
    expect(reading.heard).toEqual([])
    expect(reading.quarantined).toHaveLength(1)
  })

  it.each(['a\u0000b', `${'x'.repeat(39)}\u{1f600}`])('gives a reason that Postgres can store for the object %j', (object) => {
    const [row] = read({ object, entry: [] }).quarantined
    expect(row?.reason).not.toContain('\u0000')
    expect(row?.reason.isWellFormed()).toBe(true)
  })

  it('keeps what it does not know as an unknown event of the person', () => {
    expect(read(delivery(fromPerson({ poke: {} }))).heard[0]).toMatchObject({ igsid: S, event: { type: 'unknown', sentAt: AT } })
    expect(read(delivery(fromPerson({ message_edit: { mid: 'm', num_edit: 0 } }))).heard[0]?.event.type).toBe('unknown')
  })
})

describe('metaTime', () => {
  it.each([
    [AT, AT],
    [String(AT), AT],
    [1_780_000_000, 1_780_000_000_000],
    ['1780000000', 1_780_000_000_000],
    ['yesterday', NOW],
    [-5, NOW],
    [Number.NaN, NOW],
    [undefined, NOW],
    [9e15, NOW],
  ])('reads %s', (value, ms) => {
    expect(metaTime(value, NOW)).toBe(ms)
  })
})
