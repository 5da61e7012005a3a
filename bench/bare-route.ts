import { take } from './bare-take'

/** The baseline as a route of a bare Next application; `webhook.ts` puts it into one and builds that. */
export async function POST(request: Request): Promise<Response> {
  const taken = await take(Buffer.from(await request.arrayBuffer()), request.headers.get('x-hub-signature-256'))
  return taken === null ? new Response(null, { status: 401 }) : new Response('EVENT_RECEIVED')
}
