import type { Role } from '@/lib/accounts/role'

/** Every endpoint and the least role it needs. An endpoint that is not here does not compile. */
export const routeRoles = {
  'GET /me': 'viewer',
  'GET /accounts': 'viewer',
  'POST /accounts': 'admin',
  'GET /accounts/{accountId}': 'viewer',
  'GET /flows': 'viewer',
  'POST /flows': 'editor',
  'GET /flows/{flowId}': 'viewer',
  'PUT /flows/{flowId}/draft': 'editor',
  'POST /flows/{flowId}/check': 'viewer',
  'POST /flow-checks': 'viewer',
  'POST /flows/{flowId}/publish': 'editor',
  'POST /flows/{flowId}/unpublish': 'editor',
  'GET /flows/{flowId}/versions': 'viewer',
  'GET /flows/{flowId}/versions/{version}': 'viewer',
  'GET /flows/{flowId}/export': 'viewer',
  'GET /conversations': 'viewer',
  'GET /conversations/{conversationId}': 'viewer',
  'GET /conversations/{conversationId}/messages': 'viewer',
  'POST /conversations/{conversationId}/messages': 'agent',
  'POST /conversations/{conversationId}/take-over': 'agent',
  'POST /conversations/{conversationId}/hand-back': 'agent',
  'POST /messages/{messageId}/mark-sent': 'agent',
  'POST /messages/{messageId}/send-again': 'agent',
} as const satisfies Record<`${'GET' | 'POST' | 'PUT'} /${string}`, Role>

export type RouteKey = keyof typeof routeRoles
