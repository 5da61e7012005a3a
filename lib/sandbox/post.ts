import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface PostAnswer {
  status: number
  body: string
}

const MAX_ANSWER_BYTES = 64 * 1024
const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 256, timeout: 60_000 })
const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 256, timeout: 60_000 })

/**
 * One HTTP request of Meta's side. Redirects are not followed.
 * @throws Error saying why there was no answer: refused, cut, or nothing within `timeoutMs`.
 */
export function ask(
  url: string,
  options: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string; timeoutMs: number; signal?: AbortSignal },
): Promise<PostAnswer> {
  const target = new URL(url)
  const isHttps = target.protocol === 'https:'
  const body = options.body === undefined ? undefined : Buffer.from(options.body, 'latin1')
  return new Promise((resolve, reject) => {
    const outgoing = (isHttps ? httpsRequest : httpRequest)(
      target,
      {
        method: options.method,
        agent: isHttps ? httpsAgent : httpAgent,
        headers: { ...options.headers, ...(body ? { 'Content-Length': body.length } : {}) },
        signal: options.signal,
      },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MAX_ANSWER_BYTES) answer.destroy(new Error('the answer is over 64 KiB'))
          else chunks.push(chunk)
        })
        answer.on('error', fail)
        answer.on('end', () => {
          clearTimeout(timer)
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
        })
      },
    )
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${options.timeoutMs} ms`)), options.timeoutMs)
    function fail(error: Error) {
      clearTimeout(timer)
      reject(error)
    }
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}
