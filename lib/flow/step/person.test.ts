import { describe, expect, it } from 'vitest'
import { fallback, flow, HOUR, keyword, Lane, MINUTE, message, programOf, quickReply, shop, shopLane } from '../testing'

describe('stop words', () => {
  it.each(['stop', ' STOP! ', 'Unsubscribe', 'Arrêter', 'стоп', '🛑 stop 🛑'])(
    '%s opts out, ends the run and is confirmed once',
    (word) => {
      const lane = shopLane().writes('hello').writes(word)
      expect(lane.state).toMatchObject({ optedOut: true, run: null, timers: {} })
      expect(lane.records).toEqual(['opted-out'])
      expect(lane.effects.map((effect) => effect.type)).toEqual(['cancel-timer', 'cancel-sends', 'record', 'send'])
      expect(lane.writes(word).effects).toEqual([])
    },
  )

  it('keeps the bot silent until a start word; people may still answer', () => {
    const lane = shopLane().writes('stop')
    expect(lane.writes('hello').records).toEqual(['unanswered'])
    expect(lane.taps('shop/ask/price').said).toEqual([])
    expect(lane.replies('Hi, Ana here').said).toEqual(['Hi, Ana here'])
    lane.handBack()
    expect(lane.writes('start')).toMatchObject({ records: ['opted-in'], state: { optedOut: false } })
    expect(lane.writes('hello').said).toEqual(['What is it?'])
  })

  it('come before holds, and a start word means nothing before them', () => {
    const lane = shopLane().takeOver()
    expect(lane.writes('start').rule).toBe('held')
    expect(lane.writes('stop')).toMatchObject({ rule: 'stop-word', state: { hold: { by: 'agent' }, optedOut: true } })
  })
})

describe('taps', () => {
  it('move the live run of their flow, wherever it is, at its own version', () => {
    const lane = shopLane().writes('hello')
    lane.program = programOf({ shop, 'shop@2': flow([fallback('f')]) }, {}, ['shop'])
    expect(lane.taps('shop/ask/price', 'Price', 2).said).toEqual(['Ten euros.'])
  })

  it('start a new run of the deployed version with default variables when the run is over', () => {
    const lane = shopLane().writes('hello').taps('shop/ask/price').taps('shop/ask/human')
    expect(lane).toMatchObject({ rule: 'tap', said: ['One moment.'], records: ['run-started', 'queued'] })
    expect(lane.state.run).toMatchObject({ trigger: null, id: 'run-3' })
  })

  it('supersede the run of another flow', () => {
    const other = flow([keyword('k', 'other'), quickReply('q', 'Other?', ['c=C']), message('m', 'm')], ['k > q', 'q:c > m'])
    const lane = new Lane(programOf({ shop, other })).writes('hello').writes('other')
    expect(lane.records).toEqual(['run-superseded', 'run-started'])
    expect(lane.taps('shop/ask/price')).toMatchObject({
      said: ['Ten euros.'],
      records: ['run-superseded', 'run-started', 'run-ended'],
    })
  })

  it.each([
    ['a node that is gone', 'shop/gone/price'],
    ['a chip that is gone', 'shop/ask/gone'],
    ['a flow that is gone', 'gone/ask/price'],
  ])('go to the fallback when they belong to %s, never to a keyword', (_, place) => {
    const other = flow(
      [fallback('f'), keyword('k', 'price', { always: true }), message('m', 'Sorry?'), message('n', 'no')],
      ['f > m', 'k > n'],
    )
    const lane = new Lane(programOf({ shop, other })).taps(place, 'price')
    expect(lane).toMatchObject({ rule: 'fallback', said: ['Sorry?'] })
    const bare = shopLane().taps(place)
    expect(bare).toMatchObject({ rule: 'unanswered', records: ['unanswered'], state: { unanswered: true } })
  })

  it('end the run quietly where the tapped chip of the waiting node leads nowhere', () => {
    const document = flow(
      [keyword('k', 'hi'), quickReply('q', 'Well?', ['y=Yes', 'n=No']), message('m', 'good')],
      ['k > q', 'q:y > m'],
    )
    const lane = new Lane(programOf({ a: document })).writes('hi').taps('a/q/n')
    expect(lane).toMatchObject({ said: [], state: { run: null, unanswered: false } })
    expect(lane.records).toEqual(['run-ended'])
    expect(lane.taps('a/q/n').state.unanswered).toBe(true)
  })

  it('are heard from postbacks too', () => {
    const lane = shopLane()
    const payload = '{"parley":1,"flow":"shop","version":1,"node":"ask","port":"price"}'
    expect(lane.hear({ type: 'postback', mid: null, title: 'Price', payload }).said).toEqual(['Ten euros.'])
    expect(lane.hear({ type: 'postback', mid: null, title: 'hello', payload: 'SOMETHING' }).rule).toBe('unanswered')
  })
})

describe('typed answers', () => {
  const titles = ['a=Crème brûlée 🍮', 'b=Größe L', 'c=👍', 'd=👎', 'e=OK', 'f=ok!', 'g=Yes', 'h=YES']
  const document = flow(
    [
      keyword('k', 'hi'),
      quickReply('q', 'Well?', titles),
      message('other', 'other'),
      ...titles.map((chip) => message(chip[0] ?? '', chip)),
    ],
    ['k > q', 'q:other > other', ...titles.map((chip) => `q:${chip[0]} > ${chip[0]}`)],
  )
  it.each([
    ['creme  brulee', 'a'],
    ['CRÈMEBRÛLÉE', 'a'],
    ['grösse l', 'b'],
    ['👍', 'c'],
    ['👎', 'd'],
    ['❤️', 'other'],
    ['ok!', 'f'],
    ['Ok', 'e'],
    ['YES', 'h'],
    ['Yes', 'g'],
    ['yes', 'other'],
    ['no idea', 'other'],
  ])('%s leaves by %s', (text, port) => {
    const lane = new Lane(programOf({ a: document })).writes('hi').writes(text)
    expect(lane.trace).toContainEqual(expect.objectContaining({ type: 'leave', node: 'q', port }))
  })

  it('compares with titles as they were rendered', () => {
    const asks = flow(
      [keyword('k', 'hi'), quickReply('q', 'Are you', ['me={{ contact.name }}']), message('m', 'so')],
      ['k > q', 'q:me > m'],
    )
    const lane = new Lane(programOf({ a: asks })).hear({ type: 'profile', name: 'Mia', username: null }).writes('hi')
    lane.hear({ type: 'profile', name: 'Eve', username: null })
    expect(lane.writes('Eve').said).toEqual([])
    expect(lane.writes('mia').said).toEqual(['so'])
  })

  const reach = flow(
    [
      keyword('k', 'hi'),
      quickReply('q', 'Where?', ['email', 'phone']),
      message('m', 'M {{ contact.email }}'),
      message('p', 'P {{ contact.phone }}'),
    ],
    ['k > q', 'q:email > m', 'q:phone > p'],
  )
  it.each([
    ['mia@example.com', 'mia@example.com', 'M mia@example.com'],
    ['mia@example.com', null, 'M mia@example.com'],
    ['+49 (30) 123-456', '+49 (30) 123-456', 'P +49 (30) 123-456'],
    ['030 123456', null, 'P 030 123456'],
  ])('keeps %s in the contact', (text, chip, answer) => {
    const lane = new Lane(programOf({ a: reach })).writes('hi')
    lane.hear({ type: 'message', mid: 'm', text, chip, attachments: [], replyTo: null })
    expect(lane.said).toEqual([answer])
    expect(Object.values(lane.state.contact.attributes)).toEqual([text])
  })

  it('leaves by no answer in its own time, or ends when nothing is drawn for it', () => {
    const silent = flow(
      [keyword('k', 'hi'), quickReply('q', 'Well?', ['c=C'], 5), message('m', 'Still there?')],
      ['k > q', 'q:c > m', 'q:no-answer > m'],
    )
    expect(new Lane(programOf({ a: silent })).writes('hi').waits(5 * MINUTE).said).toEqual(['Still there?'])
    const lane = shopLane()
      .writes('hello')
      .waits(23 * HOUR)
    expect(lane).toMatchObject({ records: ['run-timed-out'], state: { run: null, timers: {} } })
  })

  it('leaves what it cannot use to triggers and to the inbox, and goes on waiting', () => {
    const lane = shopLane().writes('hello').writes('what?')
    expect(lane).toMatchObject({ rule: 'unanswered', at: 'ask', records: ['unanswered'] })
    expect(lane.writes('hm').records).toEqual([])
    expect(lane.writes('price')).toMatchObject({ said: ['Ten euros.'], state: { unanswered: false } })
  })
})

describe('triggers', () => {
  const says = (text: string, trigger: ReturnType<typeof keyword>) => flow([trigger, message('m', text)], [`${trigger.id} > m`])

  it('go from most to least specific, then in the deployed order', () => {
    const program = programOf({
      regex: says('regex', keyword('k', '^price', { match: 'regex' })),
      contains: says('contains', keyword('k', 'price', { match: 'contains' })),
      word: says('word', keyword('k', 'price', { match: 'word' })),
      word2: says('word2', keyword('k', 'price', { match: 'word' })),
      exact: says('exact', keyword('k', 'price')),
      any: says('fallback', fallback('k')),
    })
    const answer = (text: string) => new Lane(program).writes(text).said[0]
    expect([answer('Price'), answer('the price'), answer('pricey'), answer('PRICE list'), answer('hm')]).toEqual([
      'exact',
      'word',
      'contains',
      'word',
      'fallback',
    ])
  })

  it('win over a waiting run only when marked always', () => {
    const document = (always: boolean) =>
      flow(
        [
          keyword('k', 'hi'),
          quickReply('q', 'Well?', ['c=Help']),
          message('m', 'chip'),
          keyword('h', 'help', { always }),
          message('n', 'help!'),
        ],
        ['k > q', 'q:c > m', 'h > n'],
      )
    expect(new Lane(programOf({ a: document(false) })).writes('hi').writes('help').said).toEqual(['chip'])
    expect(new Lane(programOf({ a: document(true) })).writes('hi').writes('help').said).toEqual(['help!'])
  })

  it('restart, leave a live run alone, or start only once', () => {
    const document = (reentry: 'restart' | 'continue' | 'once') =>
      flow([keyword('k', 'hi', { reentry }), quickReply('q', 'Well?', ['c=C']), message('m', 'm')], ['k > q', 'q:c > m'])
    const again = (reentry: 'restart' | 'continue' | 'once') =>
      new Lane(programOf({ a: document(reentry) })).writes('hi').writes('hi')
    expect(again('restart')).toMatchObject({ said: ['Well?'], records: ['run-superseded', 'run-started'] })
    expect(again('continue')).toMatchObject({ said: [], rule: 'unanswered', at: 'q' })
    expect(again('once')).toMatchObject({ said: [], rule: 'unanswered', at: 'q', state: { marks: ['a/k'] } })
    expect(new Lane(programOf({ a: document('continue') })).writes('hi').taps('a/q/c').writes('hi').said).toEqual(['Well?'])
  })

  it('never throw at an expression that is none', () => {
    const lane = new Lane(programOf({ a: says('x', keyword('k', '(', { match: 'regex' })) }))
    expect(lane.writes('(').rule).toBe('unanswered')
  })
})
