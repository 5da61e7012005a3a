import { z } from '@hono/zod-openapi'
import { ROLES } from '@/lib/accounts/role'
import { Actor } from '@/lib/flow/event'
import { type Api, endpoint, json } from './endpoint'

const Me = z.object({ workspaceId: z.uuid(), role: z.enum(ROLES), actor: Actor }).openapi('Me')

export function meRoutes(api: Api): void {
  api.openapi(
    endpoint('GET /me', {
      tags: ['Me'],
      summary: 'Who is asking',
      responses: { 200: json(Me, 'The key, its workspace and its role.') },
    }),
    (c) => {
      const { workspaceId, role, actor } = c.get('ctx')
      return c.json({ workspaceId, role, actor }, 200)
    },
  )
}
