import { graphErrors } from './graph-error'
import { IMAGE_BYTES } from './limits'

const FETCH_TIMEOUT_MS = 10_000
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** By what the bytes say: a declared type may lie. */
function isImage(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  return head.startsWith('\x89PNG') || head.startsWith('\xff\xd8\xff') || head.startsWith('GIF8')
}

async function readUpTo(response: Response, max: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > max) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Looks at an image as Instagram would: its type and size. Only addresses of this machine are fetched; others are believed,
 * because the sandbox never leaves the machine.
 * @throws GraphError 100 with 2018008 (cannot be fetched), 2018047 (not an image), 2018109 (over 8 MB).
 */
export async function checkImage(url: string): Promise<void> {
  if (!loopback.test(new URL(url).hostname)) return
  let response: Response
  let bytes: Uint8Array | null
  try {
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
    bytes = response.ok ? await readUpTo(response, IMAGE_BYTES) : new Uint8Array()
  } catch {
    throw graphErrors.invalid('Failed to fetch the file from the url.', 2018008)
  }
  if (!response.ok) throw graphErrors.invalid('Failed to fetch the file from the url.', 2018008)
  if (bytes === null) throw graphErrors.invalid('Attachment size exceeds allowable limit.', 2018109)
  const declared = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!['image/png', 'image/jpeg', 'image/gif'].includes(declared) || !isImage(bytes)) {
    throw graphErrors.invalid('The type of file you are trying to attach does not match the attachment type.', 2018047)
  }
}
