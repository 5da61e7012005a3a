import { listen, readBody } from './http-server'
import { beAsked, clockMs } from './part'

/** A message as it came in; `at` on the clock that all processes share. */
export interface Arrival {
  igsid: string
  text: string
  at: number
}
/** `count`: how many came since the last `take`. `take`: what they were, and begin anew. */
export type GraphRequest = 'count' | 'take'

/*
 * Stands in for the Graph with as little cost of its own as possible: it answers at once and remembers when it was asked. It
 * knows no rules; what is measured is the way to it.
 */
let arrivals: Arrival[] = []
let counter = 0

const port = await listen((request, response) => {
  const at = clockMs()
  const answer = (body: object) => {
    const json = JSON.stringify(body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }).end(json)
  }
  if (request.method !== 'POST') {
    const id = new URL(request.url ?? '/', 'http://graph').pathname.split('/').at(-1)
    return answer({ id, name: 'Mia Berg', username: 'mia' })
  }
  readBody(request).then(
    (bytes) => {
      const { recipient, message } = JSON.parse(bytes.toString()) as { recipient: { id: string }; message: { text: string } }
      arrivals.push({ igsid: recipient.id, text: message.text, at })
      counter += 1
      answer({ recipient_id: recipient.id, message_id: `mid.${counter}` })
    },
    () => response.destroy(),
  )
})

beAsked(port, async (request: GraphRequest) => {
  if (request === 'count') return arrivals.length
  const taken = arrivals
  arrivals = []
  return taken
})
