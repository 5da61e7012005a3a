import { describe, expect, it } from 'vitest'
import type { Effect } from './effect'
import { byteLength } from './limits'
import {
  ana,
  ben,
  fallback,
  flow,
  HOUR,
  handOff,
  image,
  keyword,
  Lane,
  MINUTE,
  message,
  programOf,
  quickReply,
  START,
  wait,
  waitUntil,
} from './testing'

/** A question with two answers, a person behind one of them. */
const shop = flow(
  [
    keyword('start', 'hello'),
    quickReply('ask', 'What is it?', ['price=Price', 'human=A person']),
    message('prices', 'Ten euros.'),
    handOff('desk', { text: 'One moment.', summary: '{{ contact.name }} has a question', nobodyAfterMinutes: 30 }),
    message('back', 'Anything else?'),
    message('sorry', 'Nobody is there.'),
  ],
  ['start > ask', 'ask:price > prices', 'ask:human > desk', 'desk:returned > back', 'desk:nobody > sorry'],
)
const shopLane = (settings = {}) => new Lane(programOf({ shop }, settings))
const bot = (effects: Effect[]) => effects.filter((effect) => effect.type === 'send' && effect.author.type === 'bot')

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

describe('holds', () => {
  it('puts the person in the queue with the words of the hand-off, and only then is silent', () => {
    const lane = shopLane()
    lane.hear({ type: 'profile', name: 'Mia R', username: null }).writes('hello').taps('shop/ask/human', 'A person')
    expect(lane.said).toEqual(['One moment.'])
    expect(lane.state.hold).toEqual({
      by: 'queue',
      since: START,
      team: null,
      priority: 'normal',
      summary: 'Mia R has a question',
    })
    expect(lane.records).toEqual(['queued'])
    expect(lane.writes('hello')).toMatchObject({ rule: 'held', effects: [] })
  })

  it('lets the run go on by nobody when no one comes in time', () => {
    const lane = shopLane()
      .writes('hello')
      .writes('a person')
      .waits(30 * MINUTE)
    expect(lane.said).toEqual(['Nobody is there.'])
    expect(lane.records).toEqual(['nobody-came', 'run-ended'])
    expect(lane.state.hold).toEqual({ by: 'bot' })
  })

  it('stops the clock when an agent takes over, and leaves by returned when they hand back', () => {
    const lane = shopLane().writes('hello').writes('a person').takeOver()
    expect(lane.effects.map((effect) => effect.type)).toEqual(['cancel-timer', 'record', 'cancel-sends'])
    expect(lane.state).toMatchObject({ timers: {}, hold: { by: 'agent', agent: ana } })
    lane.waits(HOUR)
    expect(lane.at).toBe('desk')
    expect(lane.handBack().said).toEqual(['Anything else?'])
    expect(lane.records).toEqual(['handed-back', 'run-ended'])
  })

  it('hands back from the queue too', () => {
    expect(shopLane().writes('hello').writes('a person').handBack().said).toEqual(['Anything else?'])
  })

  it('keeps waits that fall due while an agent holds, and hears them at hand-back', () => {
    const document = flow([keyword('k', 'hi'), wait('w', 10), message('m', 'later')], ['k > w', 'w > m'])
    const lane = new Lane(programOf({ a: document })).writes('hi').takeOver().waits(HOUR)
    expect(lane).toMatchObject({ said: [], at: 'w', state: { kept: ['run-1/wait'], timers: {} } })
    expect(lane.handBack().said).toEqual(['later'])
    expect(lane.state.kept).toEqual([])
  })

  it('goes on waiting after a hand-back that came before the wait was over', () => {
    const document = flow([keyword('k', 'hi'), wait('w', 10), message('m', 'later')], ['k > w', 'w > m'])
    const lane = new Lane(programOf({ a: document })).writes('hi').takeOver().handBack()
    expect(lane.said).toEqual([])
    expect(lane.waits(10 * MINUTE).said).toEqual(['later'])
  })

  it('takes back what the bot has not said yet, once', () => {
    const lane = shopLane().writes('hello').takeOver()
    expect(lane).toMatchObject({ isCancelling: true, records: ['took-over'] })
    expect(lane.takeOver().effects).toEqual([])
    expect(lane.takeOver(ben)).toMatchObject({ isCancelling: false, records: ['took-over'], state: { hold: { agent: ben } } })
  })

  it("takes over with an agent's reply, unless another agent holds", () => {
    const lane = shopLane().writes('hello').replies('Ana here')
    expect(lane).toMatchObject({
      said: ['Ana here'],
      records: ['took-over'],
      isCancelling: true,
      state: { hold: { agent: ana } },
    })
    expect(lane.replies('Ben here', ben)).toMatchObject({ records: [], state: { hold: { agent: ana } } })
  })

  it('gives way to somebody typing in the Instagram app until they fall silent', () => {
    const lane = shopLane({ appHoldMs: HOUR }).writes('hello').typesInApp()
    expect(lane).toMatchObject({ records: ['app-took-over'], isCancelling: true, state: { hold: { by: 'agent', agent: null } } })
    lane.waits(50 * MINUTE).typesInApp()
    expect(lane.records).toEqual([])
    expect(lane.waits(59 * MINUTE).state.hold.by).toBe('agent')
    expect(lane.waits(MINUTE)).toMatchObject({ records: ['handed-back'], state: { hold: { by: 'bot' } } })
    expect(lane.at).toBe('ask')
  })

  it('leaves an agent of Parley in charge when someone types in the app as well', () => {
    const lane = shopLane().writes('hello').takeOver().typesInApp()
    expect(lane).toMatchObject({ effects: [], state: { hold: { agent: ana } } })
    const app = shopLane().writes('hello').typesInApp().takeOver()
    expect(app.state.timers).not.toHaveProperty('app-hold')
  })

  it('pays no attention to echoes of our own', () => {
    const lane = shopLane().writes('hello')
    const { state } = lane
    expect(lane.hear({ type: 'echo', mid: 'm', text: 'What is it?', attachments: [], foreign: false })).toMatchObject({
      effects: [],
      state,
    })
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

describe('failed sends', () => {
  const document = flow(
    [keyword('k', 'hi'), message('m', 'one'), wait('w', 5), message('e', 'sorry')],
    ['k > m', 'm > w', 'm:error > e'],
  )
  it('leave by the error port of their node', () => {
    const lane = new Lane(programOf({ a: document })).writes('hi').sendFails('m')
    expect(lane).toMatchObject({ said: ['sorry'], state: { run: null, timers: {} } })
    expect(lane.records).toEqual(['run-ended'])
  })

  it('do so even when the run had come to its end', () => {
    const short = flow([keyword('k', 'hi'), message('m', 'one'), message('e', 'sorry')], ['k > m', 'm:error > e'])
    const lane = new Lane(programOf({ a: short })).writes('hi')
    expect(lane.state.run).toBeNull()
    expect(lane.sendFails('m').said).toEqual(['sorry'])
    expect(lane.sendFails('m', 'run-1').said).toEqual(['sorry'])
  })

  it('end the run where there is none, and are shown', () => {
    const lane = shopLane().writes('hello').sendFails('ask')
    expect(lane.effects).toContainEqual(expect.objectContaining({ code: 'run-failed', severity: 'problem', detail: 'refused' }))
    expect(lane.state.run).toBeNull()
    expect(lane.sendFails('ask', 'run-0').records).toEqual(['run-failed'])
    expect(lane.sendFails('', null).records).toEqual(['send-failed'])
  })

  it('do not let the bot speak while a person holds the conversation', () => {
    const lane = new Lane(programOf({ a: document })).writes('hi').takeOver().sendFails('m')
    expect(lane).toMatchObject({ said: [], records: ['run-failed'], state: { run: null } })
  })
})

describe('publishing', () => {
  const old = shop
  const renamed = flow([...shop.nodes.filter(({ id }) => id !== 'prices'), message('prices', 'Eleven euros.')], [], {
    edges: shop.edges,
  })
  const program = programOf({ shop: old, 'shop@2': renamed }, {}, ['shop'])
  const waiting = () => {
    const lane = shopLane().writes('hello')
    lane.program = program
    return lane
  }
  it('lets runs finish on their version', () => {
    expect(waiting().publishes('shop', 2, 'finish').writes('price').said).toEqual(['Ten euros.'])
  })
  it('moves those whose node still exists', () => {
    const lane = waiting().publishes('shop', 2, 'move')
    expect(lane.records).toEqual(['run-moved'])
    expect(lane.writes('price').said).toEqual(['Eleven euros.'])
    const gone = shopLane().writes('hello')
    gone.program = programOf({ shop: old, 'shop@2': flow([keyword('start', 'hello')]) }, {}, ['shop'])
    expect(gone.publishes('shop', 2, 'move')).toMatchObject({ effects: [], state: { run: { version: 1 } } })
  })
  it('restarts where the run began', () => {
    const lane = waiting().publishes('shop', 2, 'restart')
    expect(lane).toMatchObject({
      said: ['What is it?'],
      records: ['run-superseded', 'run-started'],
      state: { run: { version: 2 } },
    })
    expect(waiting().takeOver().publishes('shop', 2, 'restart')).toMatchObject({ effects: [], at: 'ask' })
  })
  it('is nothing to other flows', () => {
    expect(waiting().publishes('other', 2, 'restart').effects).toEqual([])
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
})
