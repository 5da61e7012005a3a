/** Wall clocks of time zones, from the runtime's own time zone data. Times are milliseconds since 1970. */

const DAY_MS = 86_400_000
/** Dates end here; a margin is left for the days looked at around an instant. */
const MAX_TIME_MS = 8.64e15 - 4 * DAY_MS
const MAX_CACHED = 600
const clocks = new Map<string, Intl.DateTimeFormat | null>()

function clockOf(timezone: string): Intl.DateTimeFormat | null {
  const known = clocks.get(timezone)
  if (known !== undefined) return known
  if (clocks.size >= MAX_CACHED) clocks.clear()
  let clock: Intl.DateTimeFormat | null = null
  try {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    // Not a time zone this runtime knows: remembered as such.
  }
  clocks.set(timezone, clock)
  return clock
}

/** An IANA name such as Europe/Berlin, or UTC. */
export const isTimeZone = (timezone: string): boolean => timezone !== '' && clockOf(timezone) !== null

const clockTime = /^([01]\d|2[0-3]):([0-5]\d)$/

export const isTimeOfDay = (time: string): boolean => clockTime.test(time)

/** What the wall clock shows at an instant, written as if it were UTC. */
function wallClock(clock: Intl.DateTimeFormat, at: number): number {
  const part: Record<string, string> = {}
  for (const { type, value } of clock.formatToParts(at)) part[type] = value
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year)
  const date = new Date(0)
  date.setUTCFullYear(year, Number(part.month) - 1, Number(part.day))
  date.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second))
  return date.getTime()
}

/**
 * The first instant after `at` at which a clock in `timezone` shows `time`; null when either makes no sense. A time that a
 * change to summer time leaves out falls as much later as the change is; one that comes twice is taken the first time.
 */
export function nextTimeOfDay(at: number, time: string, timezone: string): number | null {
  const match = clockTime.exec(time)
  const clock = timezone === '' ? null : clockOf(timezone)
  if (match === null || clock === null || Math.abs(at) > MAX_TIME_MS) return null
  const today = wallClock(clock, at)
  const midnight = today - (((today % DAY_MS) + DAY_MS) % DAY_MS)
  const sinceMidnight = (Number(match[1]) * 60 + Number(match[2])) * 60_000
  for (let day = -1; day <= 3; day++) {
    const instant = instantOf(clock, midnight + day * DAY_MS + sinceMidnight)
    if (instant > at) return instant
  }
  return null
}

function instantOf(clock: Intl.DateTimeFormat, wall: number): number {
  const offsetAt = (instant: number) => wallClock(clock, instant) - instant
  const before = wall - offsetAt(wall - DAY_MS)
  const after = wall - offsetAt(wall + DAY_MS)
  const shown = [before, after].filter((instant) => wallClock(clock, instant) === wall)
  return shown.length > 0 ? Math.min(...shown) : before
}
