import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Parley, startParley } from './parley'
import { openShop, type Shop } from './shop'

let parley: Parley
let shop: Shop
beforeAll(async () => {
  parley = await startParley()
  shop = await openShop(parley)
})
afterAll(() => parley.close())

const at = { x: 0, y: 0 }
/** colour? → chip → "<words>" */
const asking = (words: string, question = 'Which colour?') => ({
  schemaVersion: 1,
  name: 'Colours',
  nodes: [
    {
      id: 'k',
      kind: 'keyword',
      position: at,
      data: { phrases: [{ id: 'p', text: 'colour' }], match: 'exact', always: false, reentry: 'restart' },
    },
    {
      id: 'q',
      kind: 'quick-reply',
      position: at,
      data: { text: question, chips: [{ id: 'red', type: 'text', title: 'Red' }], noAnswerAfterMinutes: null },
    },
    { id: 'm', kind: 'message', position: at, data: { bubbles: [{ id: 'b', type: 'text', text: words }] } },
  ],
  edges: [
    { id: '1', source: 'k', port: 'next', target: 'q' },
    { id: '2', source: 'q', port: 'red', target: 'm' },
  ],
  variables: [],
  notes: [],
  groups: [],
})

it('people in the middle of a flow finish it, are moved or begin anew, as the publisher chose', async () => {
  const flow = await parley.api<{ id: string; revision: number }>('POST', '/flows', { document: asking('from version 1') })
  await parley.api('POST', `/flows/${flow.id}/publish`, { accounts: [shop.igId] })

  const arrive = async (name: string) => {
    const { id } = await parley.driver<{ id: string }>('POST', '/people', { name, username: name.toLowerCase() })
    const thread = `/people/${id}/threads/${shop.igId}`
    const heard = async () => {
      const { messages } = await parley.driver<{ messages: { from: string; text: string }[] }>('GET', thread)
      return messages.filter(({ from }) => from === 'account').map(({ text }) => text)
    }
    await parley.driver('POST', `${thread}/messages`, { text: 'colour' })
    await expect.poll(heard, { timeout: 20_000 }).toHaveLength(1)
    return { heard, taps: () => parley.driver('POST', `${thread}/taps`, { title: 'Red' }) }
  }

  const outcomes: Record<string, string[]> = {
    finish: ['Which colour?', 'from version 1'],
    move: ['Which colour?', 'from version 3'],
    restart: ['Which colour?', 'Which colour, again?', 'from version 4'],
  }
  let revision = flow.revision
  let version = 1
  for (const [policy, expected] of Object.entries(outcomes)) {
    const person = await arrive(policy)
    version += 1
    const document = asking(`from version ${version}`, policy === 'restart' ? 'Which colour, again?' : 'Which colour?')
    revision = (await parley.api<{ revision: number }>('PUT', `/flows/${flow.id}/draft`, { revision, document })).revision
    const published = await parley.api<{ version: number; told: number }>('POST', `/flows/${flow.id}/publish`, { policy })
    expect(published).toMatchObject({ version, told: policy === 'finish' ? 0 : 1 })
    if (policy === 'restart') await expect.poll(person.heard, { timeout: 20_000 }).toHaveLength(2)
    const isApplied = async () =>
      (await parley.database.sql`select 1 from inbound_event where kind = 'publish' and applied_at is null`).length === 0
    await expect.poll(isApplied).toBe(true)
    await person.taps()
    await expect.poll(person.heard, { timeout: 20_000 }).toEqual(expected)
  }
})
