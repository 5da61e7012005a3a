import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeTap } from '@/lib/flow/payload'
import { type Engine, echo, type Fault, say, startEngine, tap, text } from './testing'

const asks = {
  ...say(),
  nodes: [
    ...say().nodes,
    {
      id: 'q',
      kind: 'quick-reply',
      position: { x: 0, y: 0 },
      data: { text: 'Which?', chips: [{ id: 'red', type: 'text', title: 'Red' }], noAnswerAfterMinutes: null },
    },
    { id: 'r', kind: 'message', position: { x: 0, y: 0 }, data: { bubbles: [{ id: 'b', type: 'text', text: 'Red it is' }] } },
    { id: 'w', kind: 'wait', position: { x: 0, y: 0 }, data: { mode: 'for', minutes: 60 } },
    {
      id: 'h',
      kind: 'hand-off',
      position: { x: 0, y: 0 },
      data: { team: null, priority: 'normal', summary: '', text: 'A person will be with you.', nobodyAfterMinutes: null },
    },
  ],
  edges: [
    { id: '1', source: 'k', port: 'next', target: 'q' },
    { id: '2', source: 'q', port: 'red', target: 'r' },
    { id: '3', source: 'r', port: 'next', target: 'w' },
    { id: '4', source: 'w', port: 'next', target: 'h' },
  ],
}

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})
afterAll(() => engine.close())
beforeEach(() => engine.reset())
afterEach(() => engine.stop())

const heard = () => engine.graph.accepted.map(({ text }) => text)
const thread = async () =>
  (
    await engine.sql<{ who: string; content: { text?: string; code?: string; message?: { text: string } }; status: string }[]>`
      select author ->> 'type' as who, content, status from message order by seq`
  ).map(({ who, content, status }) => `${who} ${content.text ?? content.message?.text ?? content.code} (${status})`)
const said = async () => (await thread()).filter((line) => !line.startsWith('record'))
const statuses = async () =>
  (await engine.sql<{ status: string }[]>`select status from outbox order by account_id, igsid, out_seq`).map(
    ({ status }) => status,
  )
const tried = async () => [...(await engine.sql`select status, attempt from outbox order by account_id, igsid, out_seq`)]
const travel = (ms: number) => engine.sql`update app_clock set offset_ms = offset_ms + ${ms}`
const operator = async (igsid: string, type: 'take-over' | 'hand-back') => {
  const { appendLaneEvents } = await import('@/lib/db/lane-events')
  const event = { type, by: { type: 'user' as const, id: 'u1', name: 'Ana' } }
  const lane = { accountId: '17841400000000011', igsid, workspaceId: engine.workspaceId }
  await engine.db.transaction((tx) => appendLaneEvents(tx, [{ ...lane, event, dedupeKey: null }]))
}

describe('a message', () => {
  it('is taken in once, answered once and in order, however often it is delivered', async () => {
    await engine.publish([say('one', 'two', 'three')])
    const element = text('S1', 'go')
    for (let i = 0; i < 5; i++) await engine.deliver(element)
    engine.start(2)
    await engine.idle()
    expect(heard()).toEqual(['one', 'two', 'three'])
    expect(await said()).toEqual(['person go (received)', 'bot one (sent)', 'bot two (sent)', 'bot three (sent)'])
  })

  it('among poisonous neighbours is still answered, and the poison is kept', async () => {
    await engine.publish([say('one')])
    engine.start()
    await engine.deliver({ nonsense: true }, text('S1', 'go'), null, text('S2', `go ${'\u0000'} \ud800`), {
      ...text('S3', 'go'),
      recipient: { id: '1' },
    })
    await engine.idle()
    expect(heard()).toEqual(['one', 'one'])
    expect(await engine.sql`select verdict from delivery`).toHaveLength(3)
  })

  it('for an account that is not connected here is kept and answers nothing', async () => {
    const { ingest } = await import('./ingest')
    const body = { object: 'instagram', entry: [{ id: '42', messaging: [{ ...text('S1', 'go'), recipient: { id: '42' } }] }] }
    await ingest(engine.sql, new TextEncoder().encode(JSON.stringify(body)), null)
    expect(await engine.sql`select verdict, account_id from delivery`).toMatchObject([
      { verdict: 'unknown-account', account_id: '42' },
    ])
    expect(await engine.sql`select 1 from inbound_event`).toHaveLength(0)
  })

  it('from each of two hundred people at once is answered to each of them in order', async () => {
    await engine.publish([say('one', 'two')])
    const people = Array.from({ length: 200 }, (_, ix) => `S${ix}`)
    engine.start(2)
    await Promise.all(people.map((igsid) => engine.deliver(text(igsid, 'go'), text(igsid, 'go again'))))
    await engine.idle()
    for (const igsid of people) {
      const words = engine.graph.accepted.filter((message) => message.igsid === igsid).map((message) => message.text)
      expect(words).toEqual(['one', 'two', 'one', 'two'])
    }
  })

  it('starts a run that waits for a tap, for time and for a person', async () => {
    await engine.publish([asks])
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    const chip = engine.graph.accepted[0]?.chips[0] as string
    expect(decodeTap(chip)).toEqual({ flow: 'flow1', version: 1, node: 'q', port: 'red' })
    await engine.deliver(tap('S1', chip, 'Red'))
    await engine.idle()
    expect(heard()).toEqual(['Which?', 'Red it is'])
    await travel(61 * 60_000)
    await expect.poll(heard).toEqual(['Which?', 'Red it is', 'A person will be with you.'])
    await engine.idle()
    await operator('S1', 'take-over')
    await engine.idle()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toHaveLength(3)
    expect(await engine.sql`select hold, needs_attention from conversation`).toMatchObject([{ hold: 'agent' }])
  })
})

describe('a send whose answer is not known', () => {
  it.each(['cut-after', 'hang-after', { status: 500, code: 2 }] as const)('is not sent twice: %j', async (fault) => {
    await engine.publish([say('one', 'two')])
    engine.graph.faults = [fault]
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one', 'two'])
    expect(await statuses()).toEqual(['sent', 'sent'])
  })

  it('is sent again once its absence is proven', async () => {
    await engine.publish([say('one', 'two')])
    engine.graph.faults = ['cut-before']
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one', 'two'])
    expect(engine.graph.tries).toBe(3)
  })

  it('is told apart from the same words said just before', async () => {
    await engine.publish([say('same', 'same', 'same')])
    engine.graph.faults = ['accept', 'cut-after', 'cut-before']
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['same', 'same', 'same'])
    const mids = await engine.sql`select mid from outbox order by out_seq`
    expect(mids).toMatchObject([{ mid: 'mid.1' }, { mid: 'mid.2' }, { mid: 'mid.3' }])
  })

  it('is settled by its echo, where nothing can be looked up', async () => {
    await engine.publish([say('one', 'two')])
    Object.assign(engine.graph, { faults: ['cut-after'], canLookUp: false })
    engine.graph.onAccept = ({ igsid, mid, text: words }) => engine.deliver(echo(igsid, mid, words))
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one', 'two'])
    expect(await statuses()).toEqual(['sent', 'sent'])
    expect(await engine.sql`select hold from conversation`).toMatchObject([{ hold: 'bot' }])
    expect(await engine.sql`select 1 from message where delivered_at is not null`).toHaveLength(2)
  })

  it('is left to a person when nobody can tell, and the lane goes on', async () => {
    await engine.publish([say('one', 'two')])
    Object.assign(engine.graph, { faults: ['cut-after'], canLookUp: false })
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle(30_000)
    expect(heard()).toEqual(['one', 'two'])
    expect(await statuses()).toEqual(['needs-person', 'sent'])
    expect(engine.graph.tries).toBe(2)
  })

  it('is never sent after a person took over in the meantime', async () => {
    await engine.publish([say('one', 'two')])
    engine.graph.faults = ['cut-before']
    engine.graph.canLookUp = false
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await expect.poll(statuses).toEqual(['unknown', 'pending'])
    await operator('S1', 'take-over')
    await expect.poll(statuses).toEqual(['unknown', 'cancelled'])
    engine.graph.canLookUp = true
    await engine.idle()
    expect(await statuses()).toEqual(['cancelled', 'cancelled'])
    expect(heard()).toEqual([])
  })
})

describe('a send that is refused', () => {
  it('for good cancels the rest of its run and is shown', async () => {
    await engine.publish([say('one', 'two', 'three')])
    engine.graph.faults = ['accept', { status: 400, code: 551, subcode: 1545041 }]
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one'])
    expect(await statuses()).toEqual(['sent', 'failed', 'cancelled'])
    expect(await said()).toEqual(['person go (received)', 'bot one (sent)', 'bot two (failed)', 'bot three (cancelled)'])
    expect(await engine.sql`select needs_attention, run_flow from conversation`).toMatchObject([
      { needs_attention: true, run_flow: null },
    ])
  })

  it('because of a rate limit goes out later, in order', async () => {
    await engine.publish([say('one', 'two')])
    engine.graph.faults = [{ status: 400, code: 613, subcode: 2534040 }]
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await expect.poll(() => engine.sql`select 1 from account_budget where paused_until > app_now()`).toHaveLength(1)
    await expect.poll(async () => (await tried())[0]).toEqual({ status: 'pending', attempt: 1 })
    await travel(10_000)
    await engine.idle()
    expect(heard()).toEqual(['one', 'two'])
  })

  it('because the token died waits for a new login', async () => {
    await engine.publish([say('one')])
    engine.graph.faults = [{ status: 401, code: 190, subcode: 463 }]
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await expect.poll(() => engine.sql`select status from connection`).toMatchObject([{ status: 'reconnect' }])
    // Back to pending is the last that is written of a refusal.
    await expect.poll(tried).toEqual([{ status: 'pending', attempt: 1 }])
    await engine.sql`update connection set status = 'active'`
    await travel(31_000)
    await engine.idle()
    expect(heard()).toEqual(['one'])
  })

  it('by the window is not even tried', async () => {
    await engine.publish(
      [
        {
          ...asks,
          edges: [
            { id: '1', source: 'k', port: 'next', target: 'w' },
            { id: '2', source: 'w', port: 'next', target: 'r' },
          ],
        },
      ].map((flow) => ({
        ...flow,
        nodes: flow.nodes.map((node) => (node.id === 'w' ? { ...node, data: { mode: 'for', minutes: 1500 } } : node)),
      })),
    )
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    await travel(1501 * 60_000)
    await expect.poll(statuses).toEqual(['failed'])
    await engine.idle()
    expect(engine.graph.tries).toBe(0)
  })
})

describe('an echo', () => {
  it('of words nobody here sent hands the conversation to the Instagram app', async () => {
    await engine.publish([say('one')])
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    await engine.deliver(echo('S1', 'mid.app', 'Hi, the owner here'))
    await engine.idle()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    expect(heard()).toEqual(['one'])
    expect(await said()).toContain('app Hi, the owner here (sent)')
    expect(await engine.sql`select hold from conversation`).toMatchObject([{ hold: 'agent' }])
  })

  it('that arrives before the answer, or long after it, is known to be ours', async () => {
    await engine.publish([say('one', 'two')])
    const late: (() => Promise<void>)[] = []
    engine.graph.onAccept = async ({ igsid, mid, text: words }) => {
      if (words === 'one') await engine.deliver(echo(igsid, mid, words))
      else late.push(() => engine.deliver(echo(igsid, mid, words)))
    }
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    for (const deliver of late) await deliver()
    await engine.idle()
    expect(await engine.sql`select hold from conversation`).toMatchObject([{ hold: 'bot' }])
    expect(await engine.sql`select 1 from message where delivered_at is not null`).toHaveLength(2)
    expect(await said()).toHaveLength(3)
  })

  it('of the same words, typed in the app while ours were on their way, is found out when ours are answered', async () => {
    await engine.publish([say('one')])
    engine.graph.onAccept = async ({ igsid }) => {
      await engine.deliver(echo(igsid, 'mid.app', 'one'))
      await expect
        .poll(() => engine.sql`select 1 from inbound_event where kind = 'echo' and applied_at is not null`)
        .toHaveLength(1)
    }
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    await expect.poll(() => engine.sql`select hold from conversation`).toMatchObject([{ hold: 'agent' }])
    expect(await said()).toEqual(['person go (received)', 'bot one (sent)', 'app one (sent)'])
  })
})

describe('many people, two workers and a Graph that fails every third time', () => {
  it('hear every word once and in order', async () => {
    await engine.publish([say('one', 'two')])
    const faults: Fault[] = [
      'accept',
      'accept',
      'cut-before',
      'accept',
      'accept',
      'cut-after',
      'accept',
      'hang-after',
      { status: 500, code: 2 },
    ]
    engine.graph.faults = Array.from({ length: 150 }, (_, ix) => faults[(ix * 7) % faults.length] as Fault)
    engine.graph.isMerciful = true
    // Some echoes come, some early, some never.
    engine.graph.onAccept = ({ igsid, mid, text: words }) =>
      Number(mid.split('.')[1]) % 3 === 0 ? engine.deliver(echo(igsid, mid, words)) : undefined
    engine.start(2)
    const people = Array.from({ length: 40 }, (_, ix) => `S${ix}`)
    await Promise.all(people.map((igsid) => engine.deliver(text(igsid, 'go'), text(igsid, 'go again'))))
    await engine.idle(60_000)
    for (const igsid of people) {
      const words = engine.graph.accepted.filter((message) => message.igsid === igsid).map((message) => message.text)
      expect(words).toEqual(['one', 'two', 'one', 'two'])
    }
    expect([...(await engine.sql`select distinct status from outbox`)]).toEqual([{ status: 'sent' }])
    expect([...(await engine.sql`select distinct hold from conversation`)]).toEqual([{ hold: 'bot' }])
  })
})

describe('an event that cannot be applied', () => {
  it('goes to dead_letter after three tries; its lane goes on and its neighbours never wait', async () => {
    await engine.publish([say('one')])
    engine.start()
    await engine.deliver(text('S1', 'go'))
    await engine.idle()
    await engine.sql`update conversation set state = '{"broken":true}'`
    await engine.deliver(text('S1', 'go'), text('S2', 'go'))
    await expect.poll(heard).toEqual(['one', 'one'])
    for (let round = 0; round < 4; round++) {
      await expect
        .poll(() => engine.sql`select 1 from lane where igsid = 'S1' and (run_at > app_now() or run_at is null)`)
        .toHaveLength(1)
      await travel(60_000)
    }
    await engine.idle()
    expect(await engine.sql`select igsid from dead_letter`).toMatchObject([{ igsid: 'S1' }])
    expect(await engine.sql`select hold from conversation where igsid = 'S1'`).toMatchObject([{ hold: 'queue' }])
  })
})
