/**
 * Structured logs: one JSON object a line on stderr. Never pass message text, tokens or secrets: log ids and counts.
 * `LOG_LEVEL` is debug, info (the default), warn, error or silent.
 */
const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
type Level = (typeof levels)[number]
type Fields = Record<string, string | number | boolean | null | undefined>

function threshold(): number {
  const wanted = levels.indexOf((process.env.LOG_LEVEL ?? 'info') as Level)
  return wanted < 0 ? 1 : wanted
}

function write(level: Exclude<Level, 'silent'>, event: string, fields: Fields): void {
  if (levels.indexOf(level) < threshold()) return
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`)
}

export const log = {
  debug: (event: string, fields: Fields = {}) => write('debug', event, fields),
  info: (event: string, fields: Fields = {}) => write('info', event, fields),
  warn: (event: string, fields: Fields = {}) => write('warn', event, fields),
  error: (event: string, fields: Fields = {}) => write('error', event, fields),
}

/** The class and message of an unknown error, for a log field. Our own and the driver's errors carry no secrets. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
