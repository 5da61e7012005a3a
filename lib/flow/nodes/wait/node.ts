import { z } from 'zod'
import { defineNode, minutesToMs, type OwnFinding } from '../../define-node'
import { isTimeOfDay, isTimeZone, nextTimeOfDay } from '../../time-of-day'

/** A pause: some minutes, or until the next time a clock in `timezone` shows `time` (24 h, `09:00`). */
export const WaitData = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('for'), minutes: z.int() }),
  z.strictObject({ mode: z.literal('until'), time: z.string(), timezone: z.string() }),
])
export type WaitData = z.infer<typeof WaitData>

export const wait = defineNode({
  kind: 'wait',
  title: 'Wait',
  data: WaitData,
  examples: [
    { mode: 'for', minutes: 60 },
    { mode: 'until', time: '09:00', timezone: 'Europe/Berlin' },
  ],
  ports: () => [{ id: 'next', label: 'Next', role: 'next', isOptional: false }],
  enter: (data, { at }) => {
    if (data.mode === 'for') {
      return { acts: [], then: { wait: 'time', timers: [{ name: 'wait', afterMs: minutesToMs(data.minutes) }] } }
    }
    const due = nextTimeOfDay(at, data.time, data.timezone)
    if (due === null) return { acts: [], then: { fail: `"${data.time}" in "${data.timezone}" is no time of day` } }
    return { acts: [], then: { wait: 'time', timers: [{ name: 'wait', afterMs: due - at }] } }
  },
  resume: (_data, _visit, cause) => (cause.type === 'timer' ? { acts: [], then: { go: 'next' } } : null),
  // The next nine o'clock may be a second away: that is the least it can be.
  passage: (data) => ({ type: 'time', ms: data.mode === 'for' ? minutesToMs(data.minutes) : 0 }),
  check: (data) => {
    const findings: OwnFinding[] = []
    if (data.mode === 'for') {
      if (data.minutes < 1)
        findings.push({ code: 'no-minutes', severity: 'error', field: 'minutes', message: 'Wait at least one minute.' })
      return findings
    }
    if (!isTimeOfDay(data.time)) {
      findings.push({ code: 'invalid-time', severity: 'error', field: 'time', message: 'Give a time of day such as 09:00.' })
    }
    if (!isTimeZone(data.timezone)) {
      const message = `"${data.timezone}" is not a time zone; use a name such as Europe/Berlin.`
      findings.push({ code: 'unknown-timezone', severity: 'error', field: 'timezone', message })
    }
    return findings
  },
})
