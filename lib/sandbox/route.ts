import type { z } from 'zod'
import { AppError, type ErrorCode } from '@/lib/errors'
import type { Context } from './context'

export interface DriverCall<Body> {
  context: Context
  /** Of the path's `{…}` parts. */
  params: Record<string, string>
  query: URLSearchParams
  body: Body
}

export interface DriverRoute {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/driver`, with `{name}` parts. */
  path: string
  does: string
  query?: Record<string, string>
  body?: z.ZodType
  answer: (call: DriverCall<unknown>) => unknown
}

/** One way to ask the driver for something. The body reaches `answer` only after the schema took it. */
export function route<Schema extends z.ZodType>(
  definition: Omit<DriverRoute, 'answer' | 'body'> & { body: Schema; answer: (call: DriverCall<z.output<Schema>>) => unknown },
): DriverRoute
export function route(definition: Omit<DriverRoute, 'body'>): DriverRoute
export function route(definition: DriverRoute): DriverRoute {
  return definition
}

/** The `{…}` parts of a path, or null when it is another one. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== value) return null
    } else if (value === '') return null
    else params[part.slice(1, -1)] = decodeURIComponent(value)
  }
  return params
}

/** @throws AppError invalid, with one sentence for each thing that is wrong. */
export function readJson(schema: z.ZodType, text: string): unknown {
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    throw new AppError('invalid', 'The body is not valid JSON.')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new AppError('invalid', `${problems.join('; ')}. GET /driver shows what each address takes.`)
}

/** @throws AppError invalid when it is not a whole number of at most `max`. */
export function readNumber(query: URLSearchParams, name: string, usual: number, max = Number.MAX_SAFE_INTEGER): number {
  const text = query.get(name)
  if (text === null || text === '') return usual
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new AppError('invalid', `${name} must be a whole number from 0 to ${max}.`)
  return value
}

export const statusOfCode: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  refused: 422,
  unavailable: 503,
}
