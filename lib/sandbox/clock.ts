import type { Sql } from 'postgres'

/** The sandbox's time, which is the product's: the database's clock plus one offset that only the sandbox writes. */
export interface Clock {
  now(): number
  offsetMs(): number
  advance(ms: number): Promise<void>
  /** Back to the real time. @returns the offset that was taken away. */
  reset(): Promise<number>
  /** Called after every jump. */
  onJump(tell: () => void): void
}

/** `public.app_clock` where the product's tables are, else a row of our own: the sandbox also runs alone. */
async function clockTable(sql: Sql): Promise<string> {
  const [row] = await sql`select to_regclass('public.app_clock') is not null as there`
  return row?.there ? 'public.app_clock' : 'sandbox.clock'
}

export async function openClock(sql: Sql): Promise<Clock> {
  const listeners: (() => void)[] = []
  const table = sql(await clockTable(sql))
  const before = Date.now()
  const [row] = await sql`
    select extract(epoch from clock_timestamp()) * 1000 as now, offset_ms::text as offset_ms from ${table} where id = 1`
  // The database may run on another machine; a few milliseconds of travel are not worth correcting.
  const skew = Number(row?.now) - (before + Date.now()) / 2
  const correction = Math.abs(skew) < 50 ? 0 : Math.round(skew)
  let offset = Number(row?.offset_ms ?? 0)

  async function jump(kept: 0 | 1, ms: number): Promise<void> {
    // Asked anew each time: the product's tables may have come after us.
    const own = sql(await clockTable(sql))
    const [changed] = await sql`
      update ${own} set offset_ms = offset_ms * ${kept}::bigint + ${ms}::bigint where id = 1 returning offset_ms::text`
    offset = Number(changed?.offset_ms ?? 0)
    for (const tell of listeners) tell()
  }

  return {
    now: () => Date.now() + correction + offset,
    offsetMs: () => offset,
    advance: (ms) => jump(1, ms),
    async reset() {
      const was = offset
      await jump(0, 0)
      return was
    },
    onJump: (tell) => listeners.push(tell),
  }
}
