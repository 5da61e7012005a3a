import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startFakeGraph } from '@/lib/runtime/testing'
import { type Parley, startParley } from './parley'

let parley: Parley
beforeAll(async () => {
  parley = await startParley()
})
afterAll(() => parley.close())

const script = fileURLToPath(new URL('talk.mjs', import.meta.url))
async function talk(env: Record<string, string>): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: { ...process.env, PARLEY_URL: parley.url, PARLEY_API_KEY: parley.apiKey, ...env },
  })
  return stdout.trim().split('\n')
}

const chat = (chips: string) => [
  'Mia    │ I want to order',
  "Bakery │ Hi! You're talking to an automated assistant. Ask for a person at any time.",
  expect.stringMatching(new RegExp(`^Bakery │ Which size, (friend|Mia)\\?${chips}$`)),
  'Mia    │ Medium',
  'Bakery │ Medium it is.',
  'Bakery │ One moment, a colleague takes it from here.',
  'Mia    │ Can I talk to a human?',
  'Bakery │ Hi Mia, Ana here.',
]

it('a published flow answers a person, waits, hands over to an agent and goes on', async () => {
  const lines = await talk({ SANDBOX_URL: parley.sandboxUrl })
  const said = chat(' \\[Small\\] \\[Medium\\] \\[Large\\]')
  expect(lines.slice(0, said.length)).toEqual(said)
  expect(lines.at(-1)).toBe('Bakery │ Thanks! The bot is back.')
})

it('the same script works on an account of any other server that speaks Graph', async () => {
  const igId = '17841400000000099'
  const graph = await startFakeGraph({ id: '9000000000000021', user_id: igId, username: 'elsewhere', account_type: 'BUSINESS' })
  try {
    const secret = () => randomBytes(16).toString('hex')
    const account = {
      route: 'instagram',
      accessToken: 'IGAA-elsewhere',
      appSecret: secret(),
      verifyToken: secret(),
      graphUrl: graph.url,
      igId,
      igsid: '6600000000000999',
    }
    const lines = await talk({ SANDBOX_URL: parley.sandboxUrl, GRAPH_ACCOUNT: JSON.stringify(account) })
    const said = chat('')
    expect(lines.slice(0, said.length)).toEqual(said)
    expect(graph.accepted.map(({ text }) => text).slice(-2)).toEqual([
      expect.stringMatching(/automated|Hi Mia/),
      'Thanks! The bot is back.',
    ])
  } finally {
    await graph.close()
  }
})
