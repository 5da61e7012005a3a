import { describe, expect, it } from 'vitest'
import { byteLength } from './limits'
import {
  bot,
  fallback,
  flow,
  HOUR,
  image,
  keyword,
  Lane,
  MINUTE,
  message,
  programOf,
  quickReply,
  START,
  shopLane,
  wait,
  waitUntil,
} from './testing'

describe('a run', () => {
  it('goes through messages to its end', () => {
    const lane = new Lane(
      programOf({
        a: flow([keyword('k', 'hi'), message('m', 'one', 'two'), image('p', 'https://x.test/p.png')], ['k > m', 'm > p']),
      }),
    )
    lane.writes('hi')
    expect(lane.said).toEqual(['one', 'two', 'https://x.test/p.png'])
    expect(lane.records).toEqual(['run-started', 'run-ended'])
    expect(lane.state.run).toBeNull()
    expect(lane.effects.find((effect) => effect.type === 'send')).toMatchObject({
      author: { type: 'bot', flow: 'a', version: 1, node: 'm', run: 'run-1' },
    })
  })

  it('waits at a question with chips that carry where they lead', () => {
    const lane = shopLane().writes('Hello')
    const [sent] = bot(lane.effects)
    expect(sent).toMatchObject({
      message: {
        text: 'What is it?',
        chips: [
          { type: 'text', title: 'Price', payload: '{"parley":1,"flow":"shop","version":1,"node":"ask","port":"price"}' },
          { title: 'A person' },
        ],
      },
    })
    expect(lane.state.run?.waiting).toMatchObject({ for: 'answer', timers: ['session'] })
    expect(lane.state.timers).toEqual({ 'run-1/session': { generation: 1, fireAt: START + 23 * HOUR } })
  })

  it('leaves a question without a connected answer by next', () => {
    const lane = new Lane(
      programOf({ a: flow([keyword('k', 'hi'), quickReply('q', 'Well?', ['c=Yes']), message('m', 'on')], ['k > q', 'q > m']) }),
    )
    expect(lane.writes('hi').said).toEqual(['Well?', 'on'])
    expect(lane.state.timers).toEqual({})
  })

  it('waits some minutes, then goes on; its timer is the one that was set last', () => {
    const lane = new Lane(programOf({ a: flow([keyword('k', 'hi'), wait('w', 90), message('m', 'later')], ['k > w', 'w > m']) }))
    lane.writes('hi')
    const first = lane.state.timers['run-1/wait']
    lane.waits(89 * MINUTE)
    expect(lane.at).toBe('w')
    lane.hear({ type: 'timer', timerId: 'run-1/wait', generation: (first?.generation ?? 0) + 1 })
    expect(lane.rule).toBe('stale')
    expect(lane.at).toBe('w')
    expect(lane.waits(MINUTE).said).toEqual(['later'])
    expect(lane.state.timers).toEqual({})
  })

  it('waits until a time of day', () => {
    const lane = new Lane(
      programOf({
        a: flow([keyword('k', 'hi'), waitUntil('w', '09:00', 'Europe/Berlin'), message('m', 'morning')], ['k > w', 'w > m']),
      }),
    )
    lane.writes('hi')
    expect(lane.state.timers['run-1/wait']?.fireAt).toBe(Date.UTC(2026, 5, 2, 7))
  })

  it.each([
    ['a time zone nobody knows', waitUntil('x', '09:00', 'Mars/Base'), 'run-failed'],
    ['a text that is no template', message('x', '{{ contact.name'), 'run-failed'],
    ['a filter that is not there', message('x', '{{ "now" | date: "%Y" }}'), 'run-failed'],
    ['chips under an empty text', quickReply('x', '{{ vars.none }}', ['c=Yes']), 'run-failed'],
  ])('ends failed and asks for a person at %s', (_, node, code) => {
    const lane = new Lane(programOf({ a: flow([keyword('k', 'hi'), node], ['k > x']) })).writes('hi')
    expect(lane.records).toContain(code)
    expect(lane.state).toMatchObject({ run: null, hold: { by: 'queue' } })
  })

  it('ends stuck after 200 nodes without a wait, takes its words back and asks for a person', () => {
    const loop = flow([keyword('k', 'hi'), message('a', 'a'), message('b', 'b')], ['k > a', 'a > b', 'b > a'])
    const lane = new Lane(programOf({ loop })).writes('hi')
    expect(lane.said).toHaveLength(200)
    expect(lane.records).toEqual(['run-started', 'run-stuck'])
    expect(lane.effects).toContainEqual({ type: 'cancel-sends', run: 'run-1', reason: 'run-stuck' })
    expect(lane.state).toMatchObject({ run: null, hold: { by: 'queue' } })
  })

  it('counts hops anew for a timer', () => {
    const loop = flow([keyword('k', 'hi'), wait('w', 1), message('a', 'a')], ['k > w', 'w > a', 'a > w'])
    const lane = new Lane(programOf({ loop })).writes('hi').waits(300 * MINUTE)
    expect(lane.at).toBe('w')
    expect(lane.state.hops).toBe(2)
  })

  it('ends stuck, not with an exception, where its node or version is gone', () => {
    const lane = new Lane(programOf({ a: flow([keyword('k', 'hi')], ['k > nowhere']) })).writes('hi')
    expect(lane.records).toContain('run-stuck')
    const other = shopLane().writes('hello')
    other.program = programOf({ shop: flow([fallback('f')]) })
    expect(other.writes('Price').records).toEqual(['run-stuck'])
    expect(other.state.hold.by).toBe('queue')
  })

  it('skips bubbles that come out empty', () => {
    const lane = new Lane(programOf({ a: flow([keyword('k', 'hi'), message('m', '{{ vars.none }}', ' ', 'yes')], ['k > m']) }))
    expect(lane.writes('hi').said).toEqual(['yes'])
    expect(lane.trace.filter((line) => line.type === 'skip')).toHaveLength(2)
  })

  it('splits a long text at a sentence, chips on the last part', () => {
    const text = `${'Word by word. '.repeat(60)}${'And more of it. '.repeat(60)}`
    const lane = new Lane(
      programOf({ a: flow([keyword('k', 'hi'), quickReply('q', text, ['c=Yes'])], ['k > q', 'q:c > q']) }),
    ).writes('hi')
    const texts = bot(lane.effects).map((effect) =>
      effect.type === 'send' && effect.message.type === 'text' ? effect.message : { text: '' },
    )
    expect(texts).toHaveLength(2)
    expect(texts.every((part) => byteLength(part.text) <= 1000 && part.text.trimEnd().endsWith('.'))).toBe(true)
    expect(texts.map((part) => 'chips' in part)).toEqual([false, true])
  })

  it('records a title over the limit and sends it whole', () => {
    const title = 'A title of more than twenty'
    const lane = new Lane(
      programOf({ a: flow([keyword('k', 'hi'), quickReply('q', 'Well?', [`c=${title}`])], ['k > q', 'q:c > q']) }),
    ).writes('hi')
    expect(lane.effects).toContainEqual(expect.objectContaining({ code: 'title-too-long', severity: 'problem', detail: title }))
    expect(JSON.stringify(bot(lane.effects))).toContain(title)
  })

  it('never expands what people wrote', () => {
    const document = flow(
      [keyword('k', 'hi'), message('m', '{{ contact.first_name | default: "you" }} / {{ contact.name }} / {{ vars.shop }}')],
      ['k > m'],
      {
        variables: [{ id: 'v', name: 'shop', default: '{{ contact.name }}' }],
      },
    )
    const lane = new Lane(programOf({ a: document }))
    lane.hear({ type: 'profile', name: '{{ vars.shop }} {% raw %}', username: 'mia' }).writes('hi')
    expect(lane.said).toEqual(['{{ / {{ vars.shop }} {% raw %} / {{ contact.name }}'])
  })
})

describe('the disclosure', () => {
  const disclosure = 'I am a machine.'
  it('comes before the first words, as a bubble of the bot', () => {
    const lane = shopLane({ disclosure }).writes('hello')
    expect(lane.said).toEqual([disclosure, 'What is it?'])
    expect(bot(lane.effects)).toHaveLength(2)
    expect(lane.taps('shop/ask/price').said).toEqual(['Ten euros.'])
  })

  it('comes again after a hand-back and after a day of silence', () => {
    const lane = shopLane({ disclosure }).writes('hello').takeOver().handBack()
    expect(lane.writes('price').said).toEqual([disclosure, 'Ten euros.'])
    expect(lane.waits(23 * HOUR).writes('hello').said).toEqual(['What is it?'])
    expect(lane.waits(24 * HOUR).writes('hello').said).toEqual([disclosure, 'What is it?'])
  })
})

describe('the rest', () => {
  it.each([
    { type: 'seen', mid: 'm' },
    { type: 'reaction', mid: 'm', emoji: '❤' },
    { type: 'unsent', mid: 'm' },
    { type: 'edited', mid: 'm', text: 'price' },
    { type: 'unknown' },
  ] as const)('$type never reaches a run', (event) => {
    const lane = shopLane().writes('hello')
    const { state } = lane
    expect(lane.hear(event)).toMatchObject({ effects: [], rule: 'none' })
    expect(lane.state).toEqual(state)
  })

  it("counts the window from the person's last action by Meta's time, never backwards and never ahead of ours", () => {
    const lane = shopLane()
    lane.hear({ type: 'message', mid: '1', text: 'a', chip: null, attachments: [], replyTo: null, sentAt: START - 5 })
    expect(lane.state.lastPersonAt).toBe(START - 5)
    lane.hear({ type: 'message', mid: '2', text: 'a', chip: null, attachments: [], replyTo: null, sentAt: START - 9 })
    expect(lane.state.lastPersonAt).toBe(START - 5)
    lane.hear({ type: 'message', mid: '3', text: 'a', chip: null, attachments: [], replyTo: null, sentAt: START + 9 })
    expect(lane.state.lastPersonAt).toBe(START)
  })

  it('gives a person the thread when an event could not be applied', () => {
    const lane = shopLane().writes('hello').hear({ type: 'dead-letter', event: '9' })
    expect(lane).toMatchObject({ records: ['dead-letter', 'run-failed'], state: { run: null, hold: { by: 'queue' } } })
  })

  it('takes the first of two edges by one port, and the first of two nodes of one id', () => {
    const document = flow(
      [keyword('k', 'hi'), message('a', 'first'), message('b', 'second'), message('a', 'other')],
      ['k > a', 'k > b'],
    )
    expect(new Lane(programOf({ x: document })).writes('hi').said).toEqual(['first'])
  })

  it('keeps the bot silent even in states no lane comes to', () => {
    const lane = shopLane().writes('hello').writes('a person')
    lane.state = { ...lane.state, optedOut: true }
    expect(lane.handBack().said).toEqual([])
    expect(lane.trace).toContainEqual(expect.objectContaining({ type: 'skip', why: 'silenced' }))
  })

  it('leaves no clock behind when a tap takes the run elsewhere', () => {
    const document = flow(
      [keyword('k', 'hi'), quickReply('q', 'Well?', ['a=Now', 'b=Later']), wait('w', 600), message('m', 'x')],
      ['k > q', 'q:a > m', 'q:b > w', 'w > m'],
    )
    const lane = new Lane(programOf({ a: document })).writes('hi').taps('a/q/b')
    expect(Object.keys(lane.state.timers)).toEqual(['run-1/wait'])
    expect(lane.taps('a/q/a')).toMatchObject({ said: ['x'], state: { timers: {} } })
  })
})
