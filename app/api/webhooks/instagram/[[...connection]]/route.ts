import { answerWebhook, MAX_WEBHOOK_BYTES } from '@/lib/runtime/webhook-door'

export const dynamic = 'force-dynamic'

/** The body's own bytes, which the signature is over; null when there are more than allowed. */
async function readBytes(request: Request): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (request.body) {
    for await (const chunk of request.body) {
      size += chunk.byteLength
      if (size > MAX_WEBHOOK_BYTES) return null
      chunks.push(chunk)
    }
  }
  return Buffer.concat(chunks)
}

/** For hosts that own the server; `npm start` answers this path in front of Next, with the same function. */
async function handle(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { status, body, headers } = await answerWebhook({
    method: request.method,
    url: pathname + search,
    signature: request.headers.get('x-hub-signature-256'),
    body: await readBytes(request),
  })
  return new Response(body, { status, headers })
}

export { handle as GET, handle as POST }
