const STILL_MS = 10_000

/** Says every ten seconds that something is still under way, so that nobody takes it for dead. */
export async function patiently<T>(say: (line: string) => void, what: string, work: Promise<T>): Promise<T> {
  const from = Date.now()
  const speak = setInterval(() => say(`${what}: ${Math.round((Date.now() - from) / 1000)} s so far`), STILL_MS)
  try {
    return await work
  } finally {
    clearInterval(speak)
  }
}
