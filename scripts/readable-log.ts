import { Transform } from 'node:stream'

/** One line of `lib/log.ts` for a person: time of day, process, event, fields. Any other line stays as it is. */
export function readableLine(name: string, line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { time, level, event, ...fields } = JSON.parse(line) as Record<string, unknown>
    if (typeof time !== 'string' || typeof event !== 'string') return line
    const mark = level === 'warn' || level === 'error' ? ` ${level.toUpperCase()}` : ''
    const rest = Object.entries(fields).map(
      ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    return `${time.slice(11, 19)} ${name}${mark} ${event}${rest.join('')}`
  } catch {
    return line
  }
}

/** Whole lines only, so that processes do not write into each other's; JSON as it is where no person looks on. */
export function readableLog(name: string, isTerminal = process.stderr.isTTY === true): Transform {
  let half = ''
  const readable = (line: string) => `${isTerminal ? readableLine(name, line) : line}\n`
  return new Transform({
    decodeStrings: false,
    transform(chunk: Buffer | string, _encoding, done) {
      const lines = (half + chunk.toString()).split('\n')
      half = lines.pop() ?? ''
      done(null, lines.map(readable).join(''))
    },
    flush(done) {
      done(null, half ? readable(half) : '')
    },
  })
}
