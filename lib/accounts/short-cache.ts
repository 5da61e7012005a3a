/**
 * Remembers what was read, for a short while, one set a `scope` (a connection pool, so that two databases do not mix).
 * What is not there is never remembered: it may come any moment. `forget` makes everything read before it count no more,
 * reads under way included.
 */
export function shortCache<S extends object, T>(ms: number) {
  let scopes = new WeakMap<S, Map<string, { until: number; value: T }>>()
  return {
    forget(): void {
      scopes = new WeakMap()
    },
    async get(scope: S, key: string, read: () => Promise<T | null>): Promise<T | null> {
      const kept = scopes.get(scope) ?? new Map<string, { until: number; value: T }>()
      scopes.set(scope, kept)
      const now = performance.now()
      const hit = kept.get(key)
      if (hit && hit.until > now) return hit.value
      if (kept.size >= MAX_KEPT) kept.clear()
      const value = await read()
      // Into the map that was there before the read: if everything was forgotten meanwhile, nobody looks there any more.
      if (value !== null) kept.set(key, { until: performance.now() + ms, value })
      return value
    },
  }
}

const MAX_KEPT = 10_000
