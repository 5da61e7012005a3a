import { isStorable } from '@/lib/db/is-storable'
import { AppError } from '@/lib/errors'
import type { FlowDocument } from '@/lib/flow/flow'
import { readFlow } from '@/lib/flow/upgrade'

/** Problems shown at once; a document that is something else altogether has thousands. */
const MAX_PROBLEMS = 50
/** Many times what the language has; far less than what ends a recursion. */
const MAX_DEPTH = 64

/**
 * A document that came from outside, of any version, as today's.
 * @throws AppError invalid, with `problems: {path, message}[]`
 */
export function readDocument(json: unknown): FlowDocument {
  const unstorable = findUnstorable(json, '', 0)
  const read = unstorable === null ? readFlow(json) : { ok: false as const, problems: [unstorable] }
  if (read.ok) return read.flow
  const [first] = read.problems
  const where = first?.path ? ` at ${first.path}` : ''
  const problems = read.problems.slice(0, MAX_PROBLEMS)
  throw new AppError('invalid', `This is not a flow document${where}: ${first?.message ?? 'it cannot be read.'}`, { problems })
}

/** What neither the database nor whatever walks the document can take. */
function findUnstorable(value: unknown, path: string, depth: number): { path: string; message: string } | null {
  if (typeof value === 'string') {
    return isStorable(value)
      ? null
      : { path, message: 'A text holds a character that cannot be stored: NUL, or half of a surrogate pair.' }
  }
  if (typeof value !== 'object' || value === null) return null
  if (depth > MAX_DEPTH) return { path, message: 'It is nested too deeply.' }
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    const found = findUnstorable(key, at, depth) ?? findUnstorable(member, at, depth + 1)
    if (found) return found
  }
  return null
}
