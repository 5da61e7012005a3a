import { Liquid, type Template } from 'liquidjs'
import type { LaneState, Vars } from './state'

/**
 * Texts are Liquid, cut down to what cannot run long and does not depend on the hour or on chance: outputs, conditions,
 * assignments and the filters named here. What people wrote is a value in the scope and never read as a template.
 */
const tags = ['if', 'unless', 'case', 'assign', 'capture', 'comment', 'raw', '#']
const filters = (
  'abs append at_least at_most capitalize ceil default divided_by downcase escape first floor join last lstrip minus modulo ' +
  'normalize_whitespace plus prepend remove remove_first remove_last replace replace_first replace_last reverse round rstrip ' +
  'size slice split squish strip strip_newlines times truncate truncatewords upcase url_decode url_encode'
).split(' ')

const MAX_TEMPLATE_CHARACTERS = 20_000
const MAX_MEMORY = 100_000
const MAX_CACHED = 2000

const liquid = new Liquid({
  strictFilters: true,
  ownPropertyOnly: true,
  parseLimit: MAX_TEMPLATE_CHARACTERS,
  memoryLimit: MAX_MEMORY,
})
for (const tag of Object.keys(liquid.tags)) if (!tags.includes(tag)) delete liquid.tags[tag]
for (const filter of Object.keys(liquid.filters)) if (!filters.includes(filter)) liquid.unregisterFilter(filter)

const hasMarkup = (text: string): boolean => text.includes('{{') || text.includes('{%')
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const parsed = new Map<string, Template[] | string>()

/** The template, or why it is none. Remembered by its text. */
function parse(text: string): Template[] | string {
  const known = parsed.get(text)
  if (known !== undefined) return known
  let fresh: Template[] | string
  try {
    fresh = liquid.parse(text)
  } catch (error) {
    fresh = reasonOf(error)
  }
  if (parsed.size >= MAX_CACHED) parsed.clear()
  parsed.set(text, fresh)
  return fresh
}

export interface Scope {
  contact: Vars
  vars: Vars
}

/** What texts can read. The names of the contact itself win over attributes of the same name. */
export function scopeOf(contact: LaneState['contact'], vars: Vars): Scope {
  const { name, username, attributes } = contact
  const first = name?.trim().split(/\s+/u)[0]
  return { contact: { ...attributes, name, username, first_name: first === undefined || first === '' ? null : first }, vars }
}

export type Rendered = { ok: true; text: string } | { ok: false; reason: string }

/** Never throws. What neither Postgres nor Instagram can take (NUL, half a surrogate pair) does not come out. */
export function render(text: string, scope: Scope): Rendered {
  if (!hasMarkup(text)) return { ok: true, text: clean(text) }
  const template = parse(text)
  if (typeof template === 'string') return { ok: false, reason: template }
  try {
    return { ok: true, text: clean(String(liquid.renderSync(template, scope))) }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}

const clean = (text: string): string => text.toWellFormed().replaceAll('\0', '')

/** Why a text is no template, or the names it reads, such as ['vars', 'size']. */
export type Inspected = { error: string } | { error: null; reads: string[][] }

const inspected = new Map<string, Inspected>()

/** For the checker. Remembered by the text. */
export function inspect(text: string): Inspected {
  if (!hasMarkup(text)) return { error: null, reads: [] }
  const known = inspected.get(text)
  if (known !== undefined) return known
  const fresh = inspectAnew(text)
  if (inspected.size >= MAX_CACHED) inspected.clear()
  inspected.set(text, fresh)
  return fresh
}

function inspectAnew(text: string): Inspected {
  const template = parse(text)
  if (typeof template === 'string') return { error: template }
  try {
    const reads = liquid.globalVariableSegmentsSync(template).map((segments) => {
      // What stands behind a computed key is not known before it is rendered.
      const unknown = segments.findIndex((segment) => typeof segment !== 'string')
      return (unknown < 0 ? segments : segments.slice(0, unknown)).map(String)
    })
    return { error: null, reads }
  } catch (error) {
    return { error: reasonOf(error) }
  }
}
