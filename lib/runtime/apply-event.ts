import type { EventOf, LaneEvent } from '@/lib/flow/event'
import type { Program } from '@/lib/flow/program'
import { step } from '@/lib/flow/step'
import { fingerprintOf } from './fingerprint'
import type { SendInDoubt } from './sql/read-lanes'
import { addEffect, addMessage, type LaneWrites, RUN_FAILED } from './step-writes'

/**
 * Carries one event through the lane: the thread's rows, then the run. `doubts` are this lane's sends an echo may be of;
 * one that is matched is taken off the list, so that no second echo finds it.
 */
export function applyEvent(writes: LaneWrites, program: Program, event: LaneEvent, doubts: SendInDoubt[]): void {
  const decided = event.type === 'echo' ? decideEcho(writes, event, doubts) : null
  const heard = event.type === 'echo' ? { ...event, foreign: decided?.foreign ?? event.foreign } : event
  markThread(writes, heard)
  // Events that stood before this one may have made its run say more since the failure was written.
  if (heard.type === 'send-failed' && heard.run !== null)
    addEffect(writes, heard, { type: 'cancel-sends', run: heard.run, reason: RUN_FAILED }, -1)
  const { state, effects } = step(program, writes.state, heard)
  writes.state = state
  for (const [ix, effect] of effects.entries()) addEffect(writes, heard, effect, ix)
  writes.applied.push({ id: event.id, decided })
}

/** Is it ours, and of which row? Foreign only when no row of the lane that may have been sent looks like it. */
function decideEcho(writes: LaneWrites, echo: EventOf<'echo'>, doubts: SendInDoubt[]): { foreign: boolean; outSeq?: number } {
  if (echo.foreign) return { foreign: true }
  const own = doubts.find((row) => row.mid === echo.mid)
  if (own) return { foreign: false, outSeq: own.outSeq }
  const looks = fingerprintOf({ text: echo.text, hasAttachments: echo.attachments.length > 0 })
  const match = doubts.filter((row) => row.mid === null && row.fingerprint === looks).sort((a, b) => a.outSeq - b.outSeq)[0]
  if (!match) return { foreign: true }
  writes.echoed.push({ outSeq: match.outSeq, mid: echo.mid })
  doubts.splice(doubts.indexOf(match), 1)
  return { foreign: false, outSeq: match.outSeq }
}

/** What an event changes about rows that are already in the thread, and the row of what was typed in the Instagram app. */
function markThread(writes: LaneWrites, event: LaneEvent): void {
  switch (event.type) {
    case 'message':
    case 'postback':
      // Its row was written when it was taken in.
      writes.lastMessageMs = Math.max(writes.lastMessageMs ?? 0, Math.min(event.sentAt, event.at))
      return
    case 'echo':
      if (!event.foreign) {
        writes.marks.push({ type: 'delivered', mid: event.mid, atMs: event.at })
        return
      }
      addMessage(writes, {
        author: { type: 'app' },
        content: { type: 'said-in-app', text: event.text, attachments: event.attachments },
        mid: event.mid,
        status: 'sent',
        atMs: Math.min(event.sentAt, event.at),
      })
      return
    case 'seen':
      writes.marks.push({ type: 'seen', mid: event.mid, atMs: event.at })
      return
    case 'unsent':
      writes.marks.push({ type: 'unsent', mid: event.mid })
      return
    case 'edited':
      writes.marks.push({ type: 'edited', mid: event.mid, text: event.text, atMs: event.at })
      return
    default:
      return
  }
}
