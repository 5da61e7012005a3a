import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { Ctx } from '@/lib/accounts/principal'
import { requireRole } from '@/lib/accounts/role'
import { type RouteKey, routeRoles } from './roles'

export interface ApiEnv {
  Variables: {
    /** Who asks. Set for every endpoint but the description itself. */
    ctx: Ctx
  }
}
export type Api = OpenAPIHono<ApiEnv>

/** Whoever may not call it is told so before the body is looked at. */
const needs = (key: RouteKey): MiddlewareHandler<ApiEnv> => {
  return async (c, next) => {
    requireRole(c.get('ctx'), routeRoles[key])
    await next()
  }
}

/** An endpoint of the table in `roles.ts`: method, path and role come from its key. */
export function endpoint<C extends Omit<RouteConfig, 'method' | 'path'>>(key: RouteKey, config: C) {
  const [method, path] = key.split(' ') as [string, string]
  return createRoute({
    ...config,
    method: method.toLowerCase() as 'get' | 'post' | 'put',
    path,
    operationId: key
      .replaceAll(/[{}]/g, '')
      .replaceAll(/[^\w]+/g, '-')
      .toLowerCase(),
    security: [{ apiKey: [] }],
    'x-role': routeRoles[key],
    middleware: needs(key),
  })
}

export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** `required`: without it a request that names no content type would skip the schema. */
export const body = <S extends z.ZodType>(schema: S) => ({ required: true, content: { 'application/json': { schema } } })

/** Shapes only: whether it exists is the verb's to say. */
export const FlowId = z.string().regex(/^[\w-]{1,64}$/, 'is not an id of a flow')
export const AccountId = z.string().regex(/^[\w-]{1,64}$/, 'is not an id of an account')

export const PageQuery = z.object({
  cursor: z.string().max(500).optional().openapi({ description: 'nextCursor of the page before.' }),
  limit: z.coerce.number().int().min(1).max(100).optional().openapi({ description: 'At most 100; 50 if left out.' }),
})
