import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Answer {
  status: number
  body: string | Buffer
  contentType?: string
  headers?: Record<string, string>
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  body: JSON.stringify(value),
  contentType: 'application/json',
})

const MAX_BODY_BYTES = 16 * 1024 * 1024

/** @returns null when it is over 16 MiB. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

export function send(response: ServerResponse, answer: Answer): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  response.writeHead(answer.status, {
    'Content-Type':
      answer.contentType === 'application/json' ? 'application/json; charset=UTF-8' : (answer.contentType ?? 'text/plain'),
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...answer.headers,
  })
  response.end(body)
}

/** A page elsewhere that makes its own name point here (DNS rebinding) still sends its own name as Host. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}
