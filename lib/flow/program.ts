import { z } from 'zod'
import type { FlowDocument } from './flow'
import type { Settings } from './settings'

export const Deployment = z.strictObject({ flow: z.string(), version: z.int() })
export type Deployment = z.infer<typeof Deployment>

/** A flow's version as a key of `Program.flows`. */
export const versionKey = (flow: string, version: number): string => `${flow}@${version}`

/**
 * An account's compiled deployments: all that `step` runs on. `deployments` is the published order; `flows` holds their
 * documents and those of older versions that a live run of the lane is pinned to. Documents are never mutated.
 */
export interface Program {
  id: string
  settings: Settings
  deployments: readonly Deployment[]
  flows: Readonly<Record<string, FlowDocument>>
}
