import { createApiKey } from '@/lib/accounts/api-keys'
import { type Ctx, requirePrincipal } from '@/lib/accounts/principal'
import type { Role } from '@/lib/accounts/role'
import { createApi } from './api'

export interface Answer {
  status: number
  headers: Headers
  /** Parsed, whatever kind of JSON it is. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any
  text: string
}

export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** Calls below /api/v1 with a new key of this role: through the whole API, as over HTTP. */
export async function callerWith(ctx: Ctx, role: Role): Promise<Call> {
  const { key } = await createApiKey({ ...ctx, role: 'owner' }, { name: `${role} key`, role })
  return caller(ctx, { authorization: `Bearer ${key}` })
}

export function caller({ db }: Pick<Ctx, 'db'>, headers: Record<string, string> = {}): Call {
  const api = createApi((request) => requirePrincipal(request, db))
  return async (method, path, body) => {
    const response = await api.request(`/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : null,
    }
  }
}
