import { graphErrors } from './graph-error'

/** One field of a `fields=` parameter: `messages.limit(5){id,from}`. */
export interface Field {
  name: string
  limit: number | null
  after: string | null
  sub: Field[] | null
}

/** Reads Graph's field expansion. @throws GraphError 100 when the brackets do not match. */
export function readFields(text: string): Field[] {
  let at = 0

  function list(depth: number): Field[] {
    const fields: Field[] = []
    while (at < text.length && text[at] !== '}') {
      const name = /^[\s,]*(\w+)/.exec(text.slice(at))
      if (!name?.[1] || depth > 5)
        throw graphErrors.invalid(`Syntax error in the fields parameter at "${text.slice(at, at + 20)}".`)
      at += name[0].length
      const field: Field = { name: name[1], limit: null, after: null, sub: null }
      for (let part = modifier(); part; part = modifier()) {
        if (part[1] === 'limit') field.limit = Number(part[2])
        else field.after = part[2] ?? null
      }
      if (text[at] === '{') {
        at += 1
        field.sub = list(depth + 1)
        if (text[at] !== '}') throw graphErrors.invalid('Syntax error in the fields parameter: a } is missing.')
        at += 1
      }
      fields.push(field)
      const rest = /^\s*,?\s*/.exec(text.slice(at))
      at += rest?.[0].length ?? 0
    }
    return fields
  }

  function modifier(): RegExpExecArray | null {
    const found = /^\.(limit|after)\(([^)]*)\)/.exec(text.slice(at))
    if (found) at += found[0].length
    return found
  }

  const fields = list(0)
  if (at < text.length) throw graphErrors.invalid(`Syntax error in the fields parameter at "${text.slice(at, at + 20)}".`)
  return fields
}

/** Answers the wanted fields of a node; `id` is always there. @throws GraphError 100 for a field the node does not have. */
export function pick(node: string, wanted: Field[], known: Record<string, (field: Field) => unknown>): Record<string, unknown> {
  const answer: Record<string, unknown> = {}
  for (const field of wanted) {
    const read = Object.hasOwn(known, field.name) ? known[field.name] : undefined
    if (!read) throw graphErrors.noField(field.name, node)
    const value = read(field)
    // Graph leaves out what has no value.
    if (value !== undefined && value !== null) answer[field.name] = value
  }
  if (known.id) answer.id = known.id({ name: 'id', limit: null, after: null, sub: null })
  return answer
}

const MAX_PAGE = 100
const DEFAULT_PAGE = 25

export interface Page<T> {
  rows: T[]
  after: string | null
}

/** A page of `all`; the cursor is opaque and survives new rows at the front. */
export function pageOf<T>(all: T[], idOf: (row: T) => string, limit: number | null, after: string | null): Page<T> {
  const size = Math.min(MAX_PAGE, Math.max(1, limit && Number.isFinite(limit) ? limit : DEFAULT_PAGE))
  const last = after ? Buffer.from(after, 'base64url').toString() : null
  const found = last === null ? -1 : all.findIndex((row) => idOf(row) === last)
  if (last !== null && found < 0) throw graphErrors.invalid('Invalid cursor: param after.')
  const rows = all.slice(found + 1, found + 1 + size)
  const end = rows.at(-1)
  return { rows, after: end && found + 1 + size < all.length ? Buffer.from(idOf(end)).toString('base64url') : null }
}

/** Meta writes times of reads to the second: `2026-05-28T10:00:00+0000`. */
export const graphTime = (at: number) => `${new Date(at).toISOString().slice(0, 19)}+0000`
