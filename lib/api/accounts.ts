import { z } from '@hono/zod-openapi'
import { ConnectInput, connectManually } from '@/lib/accounts/connect-manually'
import { getAccount, listAccounts } from '@/lib/accounts/list-accounts'
import { AccountId, type Api, body, endpoint, json } from './endpoint'
import { Account, Connected } from './schemas'

const tags = ['Accounts']

export function accountRoutes(api: Api): void {
  api.openapi(
    endpoint('GET /accounts', {
      tags,
      summary: 'List the Instagram accounts',
      responses: { 200: json(z.object({ items: z.array(Account) }), 'All of them.') },
    }),
    async (c) => c.json({ items: await listAccounts(c.get('ctx')) }, 200),
  )
  api.openapi(
    endpoint('POST /accounts', {
      tags,
      summary: 'Connect an account with a token, or connect it again',
      request: { body: body(ConnectInput) },
      responses: {
        200: json(Connected, 'It was connected before; its connection is renewed.'),
        201: json(Connected, 'It is new.'),
      },
    }),
    async (c) => {
      const connected = await connectManually(c.get('ctx'), c.req.valid('json'))
      return connected.isNew ? c.json(connected, 201) : c.json(connected, 200)
    },
  )
  api.openapi(
    endpoint('GET /accounts/{accountId}', {
      tags,
      summary: 'Read an account',
      request: { params: z.object({ accountId: AccountId }) },
      responses: { 200: json(Account, 'The account.') },
    }),
    async (c) => c.json(await getAccount(c.get('ctx'), c.req.valid('param').accountId), 200),
  )
}
