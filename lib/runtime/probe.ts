import { channel } from 'node:diagnostics_channel'

const engine = channel('parley:engine')

/** A point that work passes: `send:claimed`. For tracing, and for tests that must stop a process exactly there. */
export type ProbePoint =
  | 'ingest:read'
  | 'ingest:committed'
  | 'step:read'
  | 'step:committed'
  | 'send:claimed'
  | 'send:answered'
  | 'send:settled'
  | 'timers:fired'
  | 'reconcile:looked'

/** Tells whoever listens on the diagnostics channel `parley:engine` that this point is passed; costs nothing when nobody does. */
export function probe(point: ProbePoint): void {
  if (engine.hasSubscribers) engine.publish({ point })
}
