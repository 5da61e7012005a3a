import type { z } from 'zod'
import type { NodeDefinition } from '../define-node'
import { fallback } from './fallback/node'
import { handOff } from './hand-off/node'
import { keyword } from './keyword/node'
import { message } from './message/node'
import { quickReply } from './quick-reply/node'
import { wait } from './wait/node'

/** Registry 1: the node kinds. A new kind is its folder and one entry here. */
export const nodeKinds = [keyword, fallback, message, quickReply, wait, handOff] as const

export type NodeKind = (typeof nodeKinds)[number]['kind']
/** Any kind seen from outside, where its data is only known to have been parsed by its own schema. */
export type AnyKind = NodeDefinition<NodeKind, z.ZodType>

/** Safe because a node's data was parsed by the schema of the kind it names: `flow.ts` derives its union from this very list. */
const asAnyKind = (kind: (typeof nodeKinds)[number]): AnyKind => kind as unknown as AnyKind

const byName = new Map<string, AnyKind>(nodeKinds.map((kind) => [kind.kind, asAnyKind(kind)]))

/** Undefined when nothing of that name is known here. */
export const findKind = (kind: string): AnyKind | undefined => byName.get(kind)
