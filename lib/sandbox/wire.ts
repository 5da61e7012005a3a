import { createHmac } from 'node:crypto'

/**
 * A body as Meta writes it: ASCII only, everything else as lower-case `\uXXXX`, and slashes as `\/`.
 * Source: Messenger Platform, Webhooks (the signature is over the escaped form); slashes as seen on the wire.
 */
export function wireForm(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The two signature headers over exactly these characters. Source: Instagram Platform, Webhooks (sha1 is the legacy form). */
export function signatureHeaders(body: string, appSecret: string): Record<string, string> {
  const sign = (algorithm: string) => createHmac(algorithm, appSecret).update(body, 'latin1').digest('hex')
  return { 'X-Hub-Signature': `sha1=${sign('sha1')}`, 'X-Hub-Signature-256': `sha256=${sign('sha256')}` }
}
