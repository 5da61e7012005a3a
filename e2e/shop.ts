import type { Parley } from './parley'

/** An account of the sandbox, connected to Parley and subscribed to its webhook, with a flow that says three words in order. */
export interface Shop {
  igId: string
  appSecret: string
  webhookUrl: string
  /** What each person said and heard, in order. */
  threads: () => Promise<{ person: string; igsid: string; said: string[]; heard: string[] }[]>
  /** So many people write these texts, all at once, each in order. */
  crowd: (people: number, texts: string[]) => Promise<void>
  knobs: (knobs: object) => Promise<unknown>
  fault: (fault: object) => Promise<unknown>
}

interface Made {
  igId: string
  accessToken: string
  appSecret: string
  verifyToken: string
  graphUrl: string
}

const at = { x: 0, y: 0 }
const say = (id: string, text: string) => ({
  id,
  kind: 'message',
  position: at,
  data: { bubbles: [{ id: 'b', type: 'text', text }] },
})

/** Every message that begins with "go" is answered with its own words and two more, so that order and completeness show. */
export const countingFlow = {
  schemaVersion: 1,
  name: 'Count',
  nodes: [
    {
      id: 'k',
      kind: 'keyword',
      position: at,
      data: { phrases: [{ id: 'p', text: 'go' }], match: 'starts-with', always: true, reentry: 'restart' },
    },
    say('one', 'one'),
    say('two', 'two'),
    say('three', 'three'),
    {
      id: 'h',
      kind: 'keyword',
      position: at,
      data: { phrases: [{ id: 'p', text: 'human' }], match: 'exact', always: false, reentry: 'restart' },
    },
    {
      id: 'hand',
      kind: 'hand-off',
      position: at,
      data: { team: null, priority: 'normal', summary: null, text: null, nobodyAfterMinutes: null },
    },
  ],
  edges: [
    { id: '1', source: 'k', port: 'next', target: 'one' },
    { id: '2', source: 'one', port: 'next', target: 'two' },
    { id: '3', source: 'two', port: 'next', target: 'three' },
    { id: '4', source: 'h', port: 'next', target: 'hand' },
  ],
  variables: [],
  notes: [],
  groups: [],
}

export const WORDS = ['one', 'two', 'three']

/** `settings` are the sandbox account's. The disclosure is switched off, so that threads hold the flow's words only. */
export async function openShop(parley: Parley, settings: object = {}): Promise<Shop> {
  const { api, driver, database } = parley
  await database.sql`update workspace set settings = '{"disclosure":null}'`
  const account = await driver<Made>('POST', '/accounts', {
    route: 'instagram',
    settings: { conversationsPerSecond: 1000, textPerSecond: 1000, ...settings },
  })
  const { igId, accessToken, appSecret, verifyToken, graphUrl } = account
  const connect = { route: 'instagram', accessToken, appSecret, verifyToken, graphUrl }
  const { webhookUrl } = await api<{ webhookUrl: string }>('POST', '/accounts', connect)
  await driver('POST', `/accounts/${igId}/subscription`, { callbackUrl: webhookUrl })
  const flow = await api<{ id: string }>('POST', '/flows', { document: countingFlow })
  await api('POST', `/flows/${flow.id}/publish`, { accounts: [igId] })
  return {
    igId,
    appSecret,
    webhookUrl,
    threads: async () =>
      (await driver<{ threads: Awaited<ReturnType<Shop['threads']>> }>('GET', `/accounts/${igId}/threads`)).threads,
    crowd: async (people, texts) => {
      await driver('POST', '/bulk', { igId, people, texts })
    },
    knobs: (knobs) => driver('PATCH', `/accounts/${igId}/knobs`, knobs),
    fault: (fault) => driver('POST', `/accounts/${igId}/faults`, fault),
  }
}

/** Rows that still have something to do, of any account. */
export async function busyRows({ database }: Parley): Promise<number> {
  const [row] = await database.sql<{ busy: string }[]>`
    select (select count(*) from lane where run_at is not null) + (select count(*) from send_lane where send_at is not null) as busy`
  return Number(row?.busy)
}
