import { z } from 'zod'
import { nodeKinds } from './nodes/registry'

/** The document's shape. Whether it makes sense is the checker's to say; older versions are `upgrade.ts`'s to read. */

/** `map` forgets that a tuple keeps its order and length; nothing else is assumed by the cast. */
const schemasOf = <T extends readonly { node: z.ZodType }[]>(kinds: T) =>
  kinds.map((kind) => kind.node) as unknown as { [I in keyof T]: T[I]['node'] }

export const FlowNode = z.discriminatedUnion('kind', schemasOf(nodeKinds))
export type FlowNode = z.infer<typeof FlowNode>

export const FlowEdge = z.strictObject({ id: z.string(), source: z.string(), port: z.string(), target: z.string() })
export type FlowEdge = z.infer<typeof FlowEdge>

/** Read in texts as `vars.<name>`. Every run starts with the defaults. */
export const FlowVariable = z.strictObject({
  id: z.string(),
  name: z.string(),
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]),
})
export type FlowVariable = z.infer<typeof FlowVariable>

/** Words on the canvas for other operators; never part of a run. */
export const FlowNote = z.strictObject({
  id: z.string(),
  text: z.string(),
  position: z.strictObject({ x: z.number(), y: z.number() }),
})
export type FlowNote = z.infer<typeof FlowNote>

/** Nodes that belong together on the canvas. Whether it is folded is the viewer's own affair. */
export const FlowGroup = z.strictObject({ id: z.string(), title: z.string(), nodes: z.array(z.string()) })
export type FlowGroup = z.infer<typeof FlowGroup>

export const SCHEMA_VERSION = 1

export const FlowDocument = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  name: z.string(),
  nodes: z.array(FlowNode),
  edges: z.array(FlowEdge),
  variables: z.array(FlowVariable),
  notes: z.array(FlowNote),
  groups: z.array(FlowGroup),
})
export type FlowDocument = z.infer<typeof FlowDocument>

/** What a new flow starts with. */
export const emptyFlow = (name: string): FlowDocument => ({
  schemaVersion: SCHEMA_VERSION,
  name,
  nodes: [],
  edges: [],
  variables: [],
  notes: [],
  groups: [],
})
