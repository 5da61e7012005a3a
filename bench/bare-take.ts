import { createHmac, timingSafeEqual } from 'node:crypto'
import postgres from 'postgres'

/** The least that any receiver of Meta's webhooks does: the baseline of the webhook, alike under node:http and under Next. */

/** As many connections as the product's web process has. */
const CONNECTIONS = 12

let sql: postgres.Sql | undefined

interface BareBody {
  entry: { messaging: { sender: { id: string }; recipient: { id: string }; message: { text: string } }[] }[]
}

/**
 * Checks the signature, parses the body, inserts it as it came. Returns what was in it; null when the signature is wrong.
 * Reads DATABASE_URL and APP_SECRET.
 */
export async function take(body: Buffer, signature: string | null): Promise<BareBody | null> {
  const expected = createHmac('sha256', process.env.APP_SECRET ?? '')
    .update(body)
    .digest()
  const given = Buffer.from((signature ?? '').replace(/^sha256=/, ''), 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  const text = body.toString()
  const parsed: BareBody = JSON.parse(text)
  sql ??= postgres(process.env.DATABASE_URL ?? '', { max: CONNECTIONS, idle_timeout: 0, onnotice: () => {} })
  await sql`insert into hook (body) values (${text})`
  return parsed
}
