import type { Context } from './context'
import { GraphError } from './graph-error'
import type { Answer } from './http'
import type { Fault } from './model'

export type Target = 'messages' | 'conversations' | 'profile' | 'me' | 'other'

export interface FaultMatch {
  igId: string
  target: Target
  text: string | null
  recipient: string | null
}

/** The oldest fault that strikes this call; it has struck when this returns. */
export function strike(context: Context, call: FaultMatch): Fault | null {
  for (const fault of context.world.faults.values()) {
    if (fault.igId !== call.igId || (fault.on !== 'any' && fault.on !== call.target)) continue
    if (fault.text !== undefined && !(call.text ?? '').includes(fault.text)) continue
    if (fault.recipient !== undefined && fault.recipient !== call.recipient) continue
    if (fault.times === 'always') return fault
    const struck = { ...fault }
    fault.times -= 1
    if (fault.times === 0) context.world.removeFault(fault.id)
    else context.world.saveFault(fault)
    return struck
  }
  return null
}

/** How long a caller is kept waiting at most before the connection is cut. */
const LONGEST_HOLD_MS = 120_000

/**
 * Carries a call out as the fault says. `apply` does what was asked and answers.
 * @returns null when the connection is to be cut without an answer.
 */
export async function underFault(
  context: Context,
  fault: Fault | null,
  apply: () => Promise<Answer>,
  callerLeft: Promise<void>,
): Promise<Answer | null> {
  if (!fault) return apply()
  switch (fault.kind) {
    case 'error': {
      if (fault.applied) await apply()
      const { code, subcode, status, message, is_transient: isTransient } = fault
      throw new GraphError({ code, subcode, status, message, isTransient })
    }
    case 'off':
      throw new GraphError({ code: 2, status: 500, message: 'Service temporarily unavailable', isTransient: true })
    case 'cut-before':
      return null
    case 'cut-after':
      await apply()
      return null
    case 'hang': {
      const answer = fault.applied ? await apply() : null
      await context.pause(fault.ms)
      return answer
    }
    case 'late-accept':
      await context.pause(fault.ms)
      await apply().catch(() => null)
      await Promise.race([callerLeft, context.pause(LONGEST_HOLD_MS)])
      return null
    case 'latency':
      await context.pause(fault.ms)
      return apply()
  }
}
