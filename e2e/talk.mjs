// A whole conversation over HTTP alone, with PARLEY_URL, PARLEY_API_KEY and SANDBOX_URL. With GRAPH_ACCOUNT (JSON: route, accessToken,
// appSecret, verifyToken, graphUrl, igId, igsid), on any other server that speaks Graph: the person's acts are webhooks signed here.
import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import document from './order-flow.json' with { type: 'json' }

const { PARLEY_URL, PARLEY_API_KEY, SANDBOX_URL, GRAPH_ACCOUNT } = process.env
async function call(url, body, headers = {}) {
  const post = body && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(url, { ...post, headers: { 'content-type': 'application/json', ...headers } })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return text.startsWith('{') ? JSON.parse(text) : text
}
const api = (path, body) => call(`${PARLEY_URL}/api/v1${path}`, body, { authorization: `Bearer ${PARLEY_API_KEY}` })
const driver = (path, body) => call(`${SANDBOX_URL}/driver${path}`, body)
async function until(what, look) {
  for (let tries = 0; tries < 2400; tries++, await sleep(50)) if (await look()) return
  throw new Error(`It did not happen in two minutes: ${what}`)
}
const other = GRAPH_ACCOUNT && JSON.parse(GRAPH_ACCOUNT)
const given = other || (await driver('/accounts', { route: 'instagram' }))
const { route, accessToken, appSecret, verifyToken, graphUrl, igId } = given
const { webhookUrl } = await api('/accounts', { route, accessToken, appSecret, verifyToken, graphUrl })
if (!other) await driver(`/accounts/${igId}/subscription`, { callbackUrl: webhookUrl })
const { id: flowId } = await api('/flows', { document })
await api(`/flows/${flowId}/publish`, { accounts: [igId] })
const mia = other ? null : await driver('/people', { name: 'Mia Rossi', username: `mia.${randomUUID().slice(0, 8)}` })
const acts = mia && `/people/${mia.id}/threads/${igId}`
function hear(message) {
  const item = { sender: { id: other.igsid }, recipient: { id: igId }, timestamp: Date.now(), message }
  const body = JSON.stringify({ object: 'instagram', entry: [{ id: igId, time: Date.now(), messaging: [item] }] })
  return call(webhookUrl, body, { 'x-hub-signature-256': `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}` })
}
const writes = (text) => (mia ? driver(`${acts}/messages`, { text }) : hear({ mid: randomUUID(), text }))
const tapped = ({ title, payload }) => hear({ mid: randomUUID(), text: title, quick_reply: { payload } })
const taps = (chip) => (mia ? driver(`${acts}/taps`, { title: chip.title }) : tapped(chip))
const isHers = ({ contact }) => mia || contact.igsid === other.igsid
const now = async () => (await api(`/conversations?accountId=${igId}`)).items.find(isHers)
const at = async (act) => `/conversations/${(await now())?.id}/${act}`
const thread = async () => ((await now()) ? (await api(await at('messages?limit=100'))).items.reverse() : [])
const sent = async (words) => (await thread()).find((row) => row.status === 'sent' && words.test(row.content.message?.text))
await writes('I want to order')
await until('the chips', () => sent(/^Which size/))
await taps((await sent(/^Which size/)).content.message.chips[1])
await until('the answer to the tap', () => sent(/^Medium/))
if (SANDBOX_URL) await driver('/clock', { advanceMs: 61_000 })
await until('a place in the queue', async () => (await sent(/^One moment/)) && (await now()).hold.by === 'queue')
await writes('Can I talk to a human?')
await api(await at('take-over'), {})
await until('the take-over', async () => (await now()).hold.by === 'agent')
await api(await at('messages'), { clientId: randomUUID(), text: 'Hi Mia, Ana here.' })
await until('the agent’s answer', () => sent(/^Hi Mia/))
await api(await at('hand-back'), {})
await until('the bot again', () => sent(/^Thanks/))
const show = (who, words) => words && console.log(`${who === 'person' ? 'Mia   ' : 'Bakery'} │ ${words}`)
if (mia)
  for (const { from, text, chips } of (await driver(acts)).messages)
    show(from, [text, ...chips.map((chip) => `[${chip}]`)].join(' '))
else for (const { author, content } of await thread()) show(author.type, content.text ?? content.message?.text)
