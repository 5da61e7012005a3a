import { z } from 'zod'
import { parseLossless } from './lossless-json'
import { judge, type Outcome } from './outcome'

export interface GraphCall {
  /** Origin, with a path prefix if it has one, without a slash at the end: https://graph.instagram.com */
  graphUrl: string
  /** v26.0 */
  version: string
  method: 'GET' | 'POST' | 'DELETE'
  /** Below the version, without a slash at the start: `me`, `17841…/messages`. */
  path: string
  query?: Record<string, string>
  body?: unknown
  token: string
  timeoutMs?: number
}

export type GraphResult =
  | { ok: true; body: unknown }
  | {
      ok: false
      outcome: Outcome
      /** How long to hold back this account's calls, for `wait`. */
      waitMs: number
      code: number | null
      subcode: number | null
      /** For the operator; holds no token and nothing the person wrote. */
      says: string
    }

const ErrorBody = z.looseObject({
  error: z.looseObject({ code: z.coerce.number().optional(), error_subcode: z.coerce.number().optional() }),
})
const Usage = z.record(z.string(), z.array(z.looseObject({ estimated_time_to_regain_access: z.number().optional() })))

export const GRAPH_TIMEOUT_MS = 15_000
const MINUTE_MS = 60_000
/** No advice is heeded for longer: a nonsensical one must not silence an account for good. */
const LONGEST_WAIT_MS = 24 * 60 * MINUTE_MS

/** Failures before a byte of the request left: the call was certainly not made. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause ? error.cause : error
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
}

/** Minutes that Meta asks us to wait (X-Business-Use-Case-Usage), or seconds (Retry-After), in milliseconds. */
function advisedWait(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 0)
  let minutes = 0
  try {
    const usage = Usage.parse(JSON.parse(headers.get('x-business-use-case-usage') ?? '{}'))
    for (const row of Object.values(usage).flat()) minutes = Math.max(minutes, row.estimated_time_to_regain_access ?? 0)
  } catch {
    minutes = 0
  }
  return Math.min(Math.max(Number.isFinite(seconds) ? seconds * 1000 : 0, minutes * MINUTE_MS), LONGEST_WAIT_MS)
}

function tryParse(text: string): unknown {
  try {
    return parseLossless(text)
  } catch {
    return undefined
  }
}

/**
 * One request to Graph, never repeated here. Never throws: what became of it is in the result. A time-out after bytes were
 * written, a cut connection, a 5xx and a 200 that is not JSON are all `unsure`.
 */
export async function callGraph(call: GraphCall): Promise<GraphResult> {
  const url = new URL(`${call.graphUrl}/${call.version}/${call.path}`)
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value)
  const failed = (outcome: Outcome, waitMs: number, says: string): GraphResult => ({
    ok: false,
    outcome,
    waitMs,
    code: null,
    subcode: null,
    says,
  })
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: call.method,
      headers: {
        authorization: `Bearer ${call.token}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: AbortSignal.timeout(call.timeoutMs ?? GRAPH_TIMEOUT_MS),
      redirect: 'error',
    })
    text = await response.text()
  } catch (error) {
    if (NOT_CONNECTED.has(codeOf(error))) return failed('wait', 5_000, 'Instagram could not be reached.')
    return failed('unsure', 0, 'The connection to Instagram broke; the message may have been delivered.')
  }
  const body = tryParse(text)
  if (response.ok) {
    if (body === undefined)
      return failed('unsure', 0, 'Instagram answered something unreadable; the message may have been delivered.')
    return { ok: true, body }
  }
  const parsed = ErrorBody.safeParse(body)
  const code = parsed.success ? (parsed.data.error.code ?? null) : null
  const subcode = parsed.success ? (parsed.data.error.error_subcode ?? null) : null
  const verdict = judge(response.status, code, subcode)
  return {
    ok: false,
    outcome: verdict.outcome,
    waitMs: verdict.outcome === 'wait' ? Math.max(verdict.waitMs, advisedWait(response.headers)) : 0,
    code,
    subcode,
    says: code === null ? verdict.says : `${verdict.says} (${subcode === null ? code : `${code}/${subcode}`})`,
  }
}
