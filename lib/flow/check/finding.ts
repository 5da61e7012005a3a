import type { FlowDocument } from '../flow'
import type { Settings } from '../settings'

/** Something to mend at the press of a button. */
export type Fix =
  | { title: string; op: 'remove-edge'; edge: string }
  | { title: string; op: 'remove-node'; node: string }
  | { title: string; op: 'add-variable'; name: string }

/** What is wrong, where, and what can be done. Errors stop a publish; warnings do not. Null: of the flow as a whole. */
export interface Finding {
  code: string
  severity: 'error' | 'warning'
  node: string | null
  port: string | null
  /** A path inside the node's data, such as `chips.2.title`. */
  field: string | null
  message: string
  fix: Fix | null
}

/** What stands around the flow, where it is known. */
export interface CheckContext {
  settings?: Settings
  /** Flows that are asked before this one, in the published order. */
  before?: readonly { name: string; document: FlowDocument }[]
}

export const finding = (
  severity: Finding['severity'],
  code: string,
  message: string,
  place: Partial<Pick<Finding, 'node' | 'port' | 'field' | 'fix'>> = {},
): Finding => ({ code, severity, node: null, port: null, field: null, message, fix: null, ...place })
