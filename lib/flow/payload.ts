import { z } from 'zod'

/** What a chip or button of ours carries to Instagram and back: where the tap belongs, by ids that never change. */
const Tap = z.strictObject({
  parley: z.literal(1),
  flow: z.string(),
  version: z.int(),
  node: z.string(),
  port: z.string(),
})
export type Tap = Omit<z.infer<typeof Tap>, 'parley'>

export const encodeTap = (tap: Tap): string =>
  JSON.stringify({ parley: 1, flow: tap.flow, version: tap.version, node: tap.node, port: tap.port })

/** Null when the payload is not one of ours, whatever it is. */
export function decodeTap(payload: string): Tap | null {
  if (!payload.startsWith('{"parley":1,')) return null
  try {
    const { flow, version, node, port } = Tap.parse(JSON.parse(payload))
    return { flow, version, node, port }
  } catch {
    return null
  }
}
