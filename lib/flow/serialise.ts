import type { FlowDocument } from './flow'

/** What a reader looks for first comes first; the rest follows by name. */
const order = [
  'schemaVersion',
  'name',
  'nodes',
  'edges',
  'variables',
  'notes',
  'groups',
  'id',
  'kind',
  'type',
  'mode',
  'source',
  'port',
  'target',
  'text',
  'title',
  'x',
  'y',
  'position',
  'data',
]
const rank = new Map(order.map((key, index) => [key, index]))
const rankOf = (key: string): number => rank.get(key) ?? order.length

const inOrder = (a: string, b: string): number => rankOf(a) - rankOf(b) || (a < b ? -1 : a > b ? 1 : 0)

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => inOrder(a, b)).map(([key, member]) => [key, canonical(member)]))
}

/** The document's one written form: the same bytes for the same document, whatever order its fields were set in. */
export const serialiseFlow = (document: FlowDocument): string => `${JSON.stringify(canonical(document), null, 2)}\n`
