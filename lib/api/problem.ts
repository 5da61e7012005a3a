import { HTTPException } from 'hono/http-exception'
import { ZodError } from 'zod'
import { AppError, type ErrorCode } from '@/lib/errors'
import { log, reasonOf } from '@/lib/log'
import { isTransient } from '@/lib/runtime/database-error'

type Issue = ZodError['issues'][number]

const statusOf: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  refused: 422,
  unavailable: 503,
}

/** The members that name the standard ones; an error's details cannot overwrite them. */
const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  422: 'Refused',
  500: 'Internal error',
  503: 'Unavailable',
}

function answer(status: number, code: string, detail: string, details: Record<string, unknown> = {}): Response {
  const body = { ...details, type: 'about:blank', title: titles[status] ?? 'Error', status, code, detail }
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 503) headers['retry-after'] = '1'
  return new Response(JSON.stringify(body), { status, headers })
}

export const tooLarge = (maxBytes: number): Response => answer(413, 'too-large', `The body is larger than ${maxBytes} bytes.`)

/** Of several alternatives, the objections of the one that comes nearest: "Invalid input" helps nobody. */
function objectionsOf(issue: Issue): { path: PropertyKey[]; message: string }[] {
  const [nearest] = issue.code === 'invalid_union' ? [...issue.errors].sort((a, b) => a.length - b.length) : []
  if (!nearest) return [issue]
  return nearest.flatMap(objectionsOf).map(({ path, message }) => ({ path: [...issue.path, ...path], message }))
}

/** A schema's objections as one error: what is wrong where. */
export function invalidFrom(error: Pick<ZodError, 'issues'>): AppError {
  const problems = error.issues.flatMap(objectionsOf).map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  const [first] = problems
  const detail = first
    ? `${first.path === '' ? 'The request' : first.path}: ${first.message}`
    : 'The request does not make sense.'
  return new AppError('invalid', detail, { problems })
}

/**
 * Any error as an RFC 9457 problem: the only place where a code becomes a status. What is not an AppError tells its text to
 * the log alone, and of a failed query only what the database said, never its parameters.
 */
export function problemFrom(error: unknown): Response {
  if (error instanceof AppError) return answer(statusOf[error.code], error.code, error.message, error.details)
  if (error instanceof ZodError) return problemFrom(invalidFrom(error))
  if (error instanceof HTTPException && (error.status === 400 || error.status === 415)) {
    return problemFrom(new AppError('invalid', 'The body is not the JSON it should be; send "content-type: application/json".'))
  }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  log.error('api-failed', { reason: reasonOf(cause) })
  if (isTransient(cause)) return answer(503, 'unavailable', 'The database does not answer right now; try again in a moment.')
  return answer(500, 'internal', 'Something went wrong on our side. It is in the log.')
}
