import { createHmac, timingSafeEqual } from 'node:crypto'

const FORM = /^sha256=([0-9a-f]{64})$/

/**
 * Which of `secrets` signed these very bytes, or null. `header` is X-Hub-Signature-256: `sha256=` and 64 lower-case hex
 * digits of HMAC-SHA256. Meta signs what is on the wire, so the body must not have been parsed and written again.
 * An empty secret never matches.
 */
export function signedBy(body: Uint8Array, header: string | null, secrets: readonly string[]): string | null {
  const hex = header === null ? undefined : FORM.exec(header)?.[1]
  if (hex === undefined) return null
  const given = Buffer.from(hex, 'hex')
  let match: string | null = null
  for (const secret of secrets) {
    if (secret === '') continue
    const expected = createHmac('sha256', secret).update(body).digest()
    if (timingSafeEqual(given, expected)) match = secret
  }
  return match
}
