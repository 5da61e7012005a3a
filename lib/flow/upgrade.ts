import type { z } from 'zod'
import { FlowDocument, SCHEMA_VERSION } from './flow'

type Json = Record<string, unknown>

/**
 * Upgrade n turns a document of version n into one of version n + 1. Once published they are never edited: documents of
 * every version open for ever. They may trust nothing but their own version's shape and must not throw.
 */
export const upgrades: readonly ((document: Json) => Json)[] = [
  // 0 → 1: variables, notes and groups became part of every document.
  (document) => ({ variables: [], notes: [], groups: [], ...document, schemaVersion: 1 }),
]

export interface FlowProblem {
  /** Where, as in `nodes.3.data.minutes`; empty for the whole document. */
  path: string
  message: string
}

export type ReadFlow = { ok: true; flow: FlowDocument } | { ok: false; problems: FlowProblem[] }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const refuse = (path: string, message: string): ReadFlow => ({ ok: false, problems: [{ path, message }] })

/** Reads a document of any version that ever was. Never throws; what it does not know is a problem with a path. */
export function readFlow(json: unknown): ReadFlow {
  if (!isObject(json)) return refuse('', 'A flow is a JSON object.')
  const version = json.schemaVersion
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) {
    return refuse('schemaVersion', `Name the version of the format, today ${SCHEMA_VERSION}.`)
  }
  if (version > SCHEMA_VERSION) {
    return refuse(
      'schemaVersion',
      `This flow was made by a newer Parley (format ${version}); this one reads up to ${SCHEMA_VERSION}.`,
    )
  }
  const document = upgrades.slice(version).reduce((older, upgrade) => upgrade(older), json)
  const result = FlowDocument.safeParse(document)
  return result.success ? { ok: true, flow: result.data } : { ok: false, problems: result.error.issues.flatMap(problemsOf) }
}

function problemsOf(issue: z.core.$ZodIssue): FlowProblem[] {
  const path = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: `There is no field "${key}" here.` }))
}
