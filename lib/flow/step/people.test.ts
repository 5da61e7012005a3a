import { describe, expect, it } from 'vitest'
import { ana, ben, flow, HOUR, handOff, keyword, Lane, MINUTE, message, programOf, START, shopLane, wait } from '../testing'

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

  it('keeps the person in the queue when no way out is drawn for nobody coming', () => {
    const document = flow([keyword('k', 'hi'), handOff('h', { nobodyAfterMinutes: 5 })], ['k > h'])
    const lane = new Lane(programOf({ a: document })).writes('hi').waits(HOUR)
    expect(lane.state).toMatchObject({ hold: { by: 'queue' }, timers: {} })
    expect(lane.at).toBe('h')
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
