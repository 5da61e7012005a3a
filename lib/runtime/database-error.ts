/** Classes of SQLSTATE that say nothing about our data: connection, transaction rolled back, resources, operator, read-only. */
const PASSING = /^(08|40|53|57|25006)/

/** Worth trying again as it is: the database was away, busy or shutting down. Anything else is about what we asked of it. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const code = 'code' in error ? String(error.code) : ''
  if (PASSING.test(code)) return true
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)/.test(code)
}
