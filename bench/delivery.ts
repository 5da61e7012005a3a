import { newMid } from '@/lib/sandbox/ids'
import { signatureHeaders, wireForm } from '@/lib/sandbox/wire'

/** Who writes what, in turn: person 0, person 1, … and again from the first. */
export interface Writers {
  account: string
  appSecret: string
  /** How many people there are, and the number of the first. */
  people: number
  firstPerson: number
  /** The kth message of a person is the kth of these, and again from the first. */
  texts: string[]
}

export interface Delivery {
  igsid: string
  text: string
  /** Headers but the request line, and the body: all ASCII. */
  rest: string
}

const THREAD = '340282366841710300949128138443434999999'
let made = 0

/** Makes deliveries as Meta posts them: signed, with the ids' real lengths and every character beyond ASCII escaped. */
export function createWriters({ account, appSecret, people, firstPerson, texts }: Writers): () => Delivery {
  let turn = 0
  return () => {
    const igsid = String(6_000_000_000_000_000n + BigInt(firstPerson + (turn % people)))
    const text = texts[Math.floor(turn / people) % texts.length] as string
    turn += 1
    made += 1
    const at = Date.now()
    const messaging = [
      { sender: { id: igsid }, recipient: { id: account }, timestamp: at, message: { mid: newMid(account, THREAD, made), text } },
    ]
    const body = wireForm({ object: 'instagram', entry: [{ time: at, id: account, messaging }] })
    const headers = {
      Host: '127.0.0.1',
      'User-Agent': 'Webhooks/1.0 (https://fb.me/webhooks)',
      Accept: '*/*',
      'Content-Type': 'application/json',
      ...signatureHeaders(body, appSecret),
      'Content-Length': body.length,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return { igsid, text, rest: `${lines.join('')}\r\n${body}` }
  }
}
