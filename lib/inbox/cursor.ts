import { z } from 'zod'
import { AppError } from '@/lib/errors'

/** Where the next page begins, as an opaque text. */
export const encodeCursor = (position: (string | null)[]): string => Buffer.from(JSON.stringify(position)).toString('base64url')

/** @throws AppError invalid when it is not a cursor that `encodeCursor` made for this list. */
export function decodeCursor<T extends z.ZodType>(schema: T, cursor: string): z.infer<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    throw new AppError('invalid', 'The cursor is not one of this list; start again without it.')
  }
}

export const PageInput = z.strictObject({
  cursor: z.string().max(500).optional(),
  limit: z.int().min(1).max(100).default(50),
})

export interface Page<T> {
  items: T[]
  /** Null: this was the last page. */
  nextCursor: string | null
}

/** `rows` holds one more than `limit` when there is a next page. */
export function toPage<R, T>(rows: R[], limit: number, cursorOf: (last: R) => string, view: (row: R) => T): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(view), nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}
