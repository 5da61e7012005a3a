export const dynamic = 'force-dynamic'

/** This process lives and answers; nothing else is claimed. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } })
}
