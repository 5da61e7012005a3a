import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Parley, startParley } from './parley'
import { openShop, type Shop } from './shop'

const HOUR_MS = 3_600_000

let parley: Parley
let shop: Shop
beforeAll(async () => {
  parley = await startParley()
  shop = await openShop(parley)
})
afterAll(() => parley.close())

interface Conversation {
  id: string
  hold: { by: string }
  window: { state: string }
}

const conversation = async () => {
  const { items } = await parley.api<{ items: Conversation[] }>('GET', `/conversations?accountId=${shop.igId}`)
  return items[0]!
}
const reply = async (text: string) =>
  parley.api('POST', `/conversations/${(await conversation()).id}/messages`, { clientId: randomUUID(), text })
const travel = (hours: number) => parley.driver('POST', '/clock', { advanceMs: hours * HOUR_MS })

it('a person may answer until the seventh day, tagged as one after the first; then nobody', async () => {
  const mia = await parley.driver<{ id: string }>('POST', '/people', { name: 'Mia', username: 'mia' })
  const thread = `/people/${mia.id}/threads/${shop.igId}`
  const heard = async () => {
    const { messages } = await parley.driver<{ messages: { from: string; text: string; tag: string | null }[] }>('GET', thread)
    return messages.filter(({ from }) => from === 'account').map(({ text, tag }) => (tag ? `${text} (${tag})` : text))
  }
  await parley.driver('POST', `${thread}/messages`, { text: 'go' })
  await expect.poll(heard, { timeout: 20_000 }).toEqual(['one', 'two', 'three'])

  await travel(23)
  await reply('in time')
  await expect.poll(heard, { timeout: 20_000 }).toContain('in time')
  await travel(2)
  expect((await conversation()).window.state).toBe('human-only')
  await reply('by a person')
  await expect.poll(heard, { timeout: 20_000 }).toContain('by a person (HUMAN_AGENT)')

  await travel(6 * 24)
  expect((await conversation()).window.state).toBe('closed')
  await expect(reply('too late')).rejects.toThrow(/422/)
  await parley.driver('POST', `${thread}/messages`, { text: 'go' })
  await expect.poll(async () => (await conversation()).window.state, { timeout: 20_000 }).toBe('open')
  expect(await heard()).not.toContain('too late')
})

it('a message nobody can tell the fate of waits for a person, who sends it again; the lane goes on meanwhile', async () => {
  const other = await openShop(parley)
  const ben = await parley.driver<{ id: string }>('POST', '/people', { name: 'Ben', username: 'ben' })
  const thread = `/people/${ben.id}/threads/${other.igId}`
  const heard = async () => (await other.threads()).flatMap((row) => row.heard)
  // Instagram loses the first message without a word, echoes nothing and cannot be asked.
  await other.knobs({ echo: 'off' })
  await other.fault({ kind: 'cut-before' })
  await other.fault({ kind: 'off', on: 'conversations', times: 'always' })
  await parley.driver('POST', `${thread}/messages`, { text: 'go' })
  const messages = async () => {
    const { items } = await parley.api<{ items: Conversation[] }>('GET', `/conversations?accountId=${other.igId}`)
    if (!items[0]) return []
    const page = await parley.api<{ items: { id: string; status: string }[] }>('GET', `/conversations/${items[0].id}/messages`)
    return page.items
  }
  await expect.poll(async () => (await messages()).some(({ status }) => status === 'unknown'), { timeout: 20_000 }).toBe(true)
  await travel(1)
  const inDoubt = async () => (await messages()).find(({ status }) => status === 'needs-person')?.id
  await expect.poll(heard, { timeout: 60_000 }).toEqual(['two', 'three'])
  const id = await inDoubt()
  await parley.api('POST', `/messages/${id}/send-again`)
  await expect.poll(heard, { timeout: 20_000 }).toEqual(['two', 'three', 'one'])
  await expect(parley.api('POST', `/messages/${id}/send-again`)).rejects.toThrow(/409/)
  expect(await inDoubt()).toBeUndefined()
})
