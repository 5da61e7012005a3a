import { readiness } from '@/lib/db/readiness'

export const dynamic = 'force-dynamic'

/** 200 when a message could be taken in and answered now; else 503 with the parts that are missing. */
export async function GET(): Promise<Response> {
  const { ready, missing } = await readiness()
  return Response.json({ ready, missing }, { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}
