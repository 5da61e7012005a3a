import { createApi } from '@/lib/api/api'

export const runtime = 'nodejs'
export const dynamic = 'force-dynamic'

const api = createApi()
const answer = (request: Request): Promise<Response> => Promise.resolve(api.fetch(request))

export { answer as DELETE, answer as GET, answer as PATCH, answer as POST, answer as PUT }
