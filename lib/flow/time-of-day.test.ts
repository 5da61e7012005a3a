import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTimeOfDay, isTimeZone, nextTimeOfDay } from './time-of-day'

const next = (at: string, time: string, timezone: string) => {
  const instant = nextTimeOfDay(Date.parse(at), time, timezone)
  return instant === null ? null : new Date(instant).toISOString()
}

describe('the next time of day', () => {
  it.each([
    ['2026-06-01T05:00:00Z', '09:00', 'Europe/Berlin', '2026-06-01T07:00:00.000Z'],
    ['2026-06-01T07:00:00Z', '09:00', 'Europe/Berlin', '2026-06-02T07:00:00.000Z'],
    ['2026-06-01T23:30:00Z', '09:00', 'Asia/Kolkata', '2026-06-02T03:30:00.000Z'],
    ['2026-06-01T10:30:00Z', '00:00', 'Pacific/Kiritimati', '2026-06-02T10:00:00.000Z'],
    ['2026-06-01T10:30:00Z', '23:59', 'UTC', '2026-06-01T23:59:00.000Z'],
    // Left out by summer time: as much later as the change is.
    ['2026-03-29T00:00:00Z', '02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    // Twice when it ends: the first time, and not again an hour later.
    ['2026-10-24T22:00:00Z', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T00:30:00Z', '02:30', 'Europe/Berlin', '2026-10-26T01:30:00.000Z'],
  ])('after %s, %s in %s is %s', (at, time, timezone, expected) => {
    expect(next(at, time, timezone)).toBe(expected)
  })

  it.each([
    ['24:00', 'UTC'],
    ['9:00', 'UTC'],
    ['', 'UTC'],
    ['09:00', ''],
    ['09:00', 'Mars/Base'],
  ])('is none for %s in "%s"', (time, timezone) => {
    expect(next('2026-06-01T00:00:00Z', time, timezone)).toBeNull()
    expect(isTimeOfDay(time) && isTimeZone(timezone)).toBe(false)
  })

  it('lies ahead, at most a day and an hour or two', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Apia',
    )
    const at = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2035, 0) })
    fc.assert(
      fc.property(at, fc.nat(23), fc.nat(59), zones, (now, hour, minute, zone) => {
        const due = nextTimeOfDay(now, `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`, zone) ?? 0
        expect(due).toBeGreaterThan(now)
        // Apia went over a whole day once.
        expect(due - now).toBeLessThanOrEqual((zone === 'Pacific/Apia' ? 50 : 26) * 3_600_000)
      }),
      { numRuns: 1000 },
    )
  })

  it('does not break at the ends of time', () => {
    expect(nextTimeOfDay(Number.MAX_SAFE_INTEGER, '09:00', 'UTC')).toBeNull()
    expect(nextTimeOfDay(-8.6e15, '09:00', 'UTC')).toBeGreaterThan(-8.6e15)
  })
})
