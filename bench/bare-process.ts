import { take } from './bare-take'
import { listen, readBody } from './http-server'
import { beAsked } from './part'
import { replyTo } from './words'

/*
 * The baseline in its own process on bare node:http. With GRAPH_URL it is the baseline of the whole way too: having answered,
 * it sends the reply, in the same process, with nothing in between.
 */
const graphUrl = process.env.GRAPH_URL

/** The same call as the product's, with the same client. */
async function reply(account: string, igsid: string, text: string): Promise<void> {
  const response = await fetch(`${graphUrl}/v26.0/${account}/messages`, {
    method: 'POST',
    headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: { id: igsid }, messaging_type: 'RESPONSE', message: { text } }),
  })
  if (!response.ok) throw new Error(`The Graph answered ${response.status}.`)
  await response.text()
}

const port = await listen((request, response) => {
  const answer = async () => {
    const signature = request.headers['x-hub-signature-256']
    const taken = await take(await readBody(request), typeof signature === 'string' ? signature : null)
    if (taken === null) return void response.writeHead(401).end()
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 14 }).end('EVENT_RECEIVED')
    if (graphUrl === undefined) return
    for (const { messaging } of taken.entry) {
      for (const { sender, recipient, message } of messaging) await reply(recipient.id, sender.id, replyTo(message.text))
    }
  }
  answer().catch((error: unknown) => {
    console.error(error)
    if (!response.headersSent) response.writeHead(500).end()
  })
})
beAsked(port, async () => null)
