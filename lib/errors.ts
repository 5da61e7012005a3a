/** What can go wrong on somebody's behalf. `lib/api/problem.ts` turns a code into an HTTP status; nothing else does. */
export type ErrorCode =
  | 'invalid' // the request does not make sense: 400
  | 'unauthenticated' // nobody is signed in: 401
  | 'forbidden' // signed in, but not allowed: 403
  | 'not-found' // does not exist, or is another workspace's (same words for both): 404
  | 'conflict' // somebody else was faster, or the thing is in another state: 409
  | 'refused' // understood, but a rule forbids it (a publish with errors, a closed window): 422
  | 'unavailable' // a part that is needed does not answer right now: 503

/** An error whose message may be shown to the person who caused it. It says what to do. */
export class AppError extends Error {
  readonly code: ErrorCode
  /** Extra members of the RFC 9457 problem, such as the checker's findings. Plain JSON. */
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.details = details
  }
}
