import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ctx } from '@/lib/db/in-workspace'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys'
import { connectManually } from './connect-manually'
import { createUser, findWorkspaces } from './create-user'
import { getAccount, listAccounts } from './list-accounts'
import { verifyPassword } from './password'
import { requirePrincipal } from './principal'
import { connectionFor, connectionWebhook } from './resolve-connection'
import { type GraphDouble, makeWorkspace, setTestEnvironment, startGraphDouble } from './testing'

let fresh: FreshDatabase
let graph: GraphDouble
beforeAll(async () => {
  fresh = await freshDatabase()
  setTestEnvironment(fresh.url)
  graph = await startGraphDouble()
})
afterAll(async () => {
  await graph.close()
  await fresh.close()
})

const bearer = (key: string) => new Request('http://parley/', { headers: { authorization: `Bearer ${key}` } })

describe('API keys', () => {
  let ctx: Ctx
  beforeAll(async () => {
    ctx = await makeWorkspace(fresh.db, 'keys', 'admin')
  })

  it('opens its workspace with its role, and acts under its own name', async () => {
    const { id, key } = await createApiKey(ctx, { name: 'till', role: 'agent' })
    expect(key).toMatch(/^parley_[\w-]{43}$/)
    const { workspaceId, role, actor } = await requirePrincipal(bearer(key), fresh.db)
    expect({ workspaceId, role, actor }).toEqual({
      workspaceId: ctx.workspaceId,
      role: 'agent',
      actor: { type: 'api-key', id, name: 'till' },
    })
    const listed = (await listApiKeys(ctx)).find((row) => row.id === id)
    expect(listed?.lastUsedAt).toBeInstanceOf(Date)
    expect(JSON.stringify(await fresh.sql`select * from api_key`)).not.toContain(key)
  })

  it('opens nothing once it is revoked; other keys go on', async () => {
    const first = await createApiKey(ctx, { name: 'first', role: 'viewer' })
    const second = await createApiKey(ctx, { name: 'second', role: 'viewer' })
    await revokeApiKey(ctx, first.id)
    await expect(requirePrincipal(bearer(first.key), fresh.db)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(requirePrincipal(bearer(second.key), fresh.db)).resolves.toMatchObject({ role: 'viewer' })
  })

  it.each(['', 'Basic YTpi', 'Bearer', 'Bearer nonsense', `Bearer parley_${'A'.repeat(43)}`])(
    'is not opened by %j',
    async (authorization) => {
      const request = new Request('http://parley/', { headers: { authorization } })
      await expect(requirePrincipal(request, fresh.db)).rejects.toMatchObject({ code: 'unauthenticated' })
    },
  )

  it('cannot be made with more rights than its maker has, nor revoked from another workspace', async () => {
    await expect(createApiKey(ctx, { name: 'crown', role: 'owner' })).rejects.toMatchObject({ code: 'forbidden' })
    const { id, key } = await createApiKey(ctx, { name: 'ours', role: 'viewer' })
    const other = await makeWorkspace(fresh.db, 'other')
    await expect(revokeApiKey(other, id)).rejects.toMatchObject({ code: 'not-found' })
    await expect(requirePrincipal(bearer(key), fresh.db)).resolves.toBeDefined()
  })
})

describe('createUser', () => {
  const password = 'long enough 1'

  it('makes a person with a workspace of their own', async () => {
    const made = await createUser(fresh.db, { email: 'Ana@Example.com', name: 'Ana', password, workspace: { name: 'Bakery' } })
    const rows = await fresh.sql`
      select u.email, u.password_hash, m.role, w.name from "user" u
      join member m on m.user_id = u.id join workspace w on w.id = m.workspace_id where u.id = ${made.userId}`
    expect(rows).toMatchObject([{ email: 'ana@example.com', role: 'owner', name: 'Bakery' }])
    expect(await verifyPassword(password, rows[0]?.password_hash)).toBe(true)
    expect(await findWorkspaces(fresh.db, 'Bakery')).toEqual([{ id: made.workspaceId, name: 'Bakery' }])
    expect(await findWorkspaces(fresh.db, made.workspaceId)).toHaveLength(1)
  })

  it('adds a person to a workspace that is there', async () => {
    const ctx = await makeWorkspace(fresh.db, 'there')
    const { userId } = await createUser(fresh.db, {
      email: 'b@example.com',
      name: 'B',
      password,
      workspace: { id: ctx.workspaceId, role: 'agent' },
    })
    expect(await fresh.sql`select role from member where user_id = ${userId}`).toMatchObject([{ role: 'agent' }])
  })

  it('leaves nothing behind when the e-mail is taken or the workspace is not there', async () => {
    const taken = { email: 'taken@example.com', name: 'T', password }
    await createUser(fresh.db, { ...taken, workspace: { name: 'First' } })
    await expect(
      createUser(fresh.db, { ...taken, email: 'TAKEN@example.com', workspace: { name: 'Second' } }),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect(await findWorkspaces(fresh.db, 'Second')).toEqual([])
    const nowhere = { id: '00000000-0000-4000-8000-000000000000', role: 'agent' } as const
    await expect(createUser(fresh.db, { ...taken, email: 'n@example.com', workspace: nowhere })).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(await fresh.sql`select 1 from "user" where email = 'n@example.com'`).toHaveLength(0)
  })
})

describe('connectManually', () => {
  let ctx: Ctx
  let other: Ctx
  beforeAll(async () => {
    ctx = await makeWorkspace(fresh.db, 'ours', 'admin')
    other = await makeWorkspace(fresh.db, 'theirs', 'admin')
  })
  beforeEach(async () => {
    graph.asked = []
    await fresh.sql`delete from account`
  })
  const counts = async () =>
    (
      await fresh.sql`select (select count(*)::int from account) as accounts, (select count(*)::int from connection) as connections`
    )[0]
  const says = (body: unknown, status = 200) => {
    graph.answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
  }
  const instagram = { route: 'instagram', accessToken: 'IGAAtoken' } as const
  const input = () => ({ ...instagram, graphUrl: graph.url })

  it.each([
    ['flat', '{"id":"24011","user_id":"17841400000000011","username":"bakery","name":"Bakery"}'],
    ['wrapped in data[]', '{"data":[{"id":"24011","user_id":"17841400000000011","username":"bakery","name":"Bakery"}]}'],
    ['with the id as a number beyond 2^53', '{"id":24011,"user_id":17841400000000011,"username":"bakery","name":"Bakery"}'],
  ])('takes user_id as the account: %s', async (_, body) => {
    says(body)
    const connected = await connectManually(ctx, input())
    expect(connected).toMatchObject({ id: '17841400000000011', username: 'bakery', name: 'Bakery', isNew: true })
    expect(connected.webhookUrl).toBe('https://parley.example/api/webhooks/instagram')
    expect(graph.asked).toEqual([{ url: '/v26.0/me?fields=id%2Cuser_id%2Cusername%2Cname', token: 'IGAAtoken' }])
    expect(await connectionFor(fresh.sql, connected.id)).toMatchObject({
      route: 'instagram',
      nodeId: connected.id,
      graphUrl: graph.url,
      version: 'v26.0',
    })
  })

  it('on the Facebook route the node is the Page and the account is the one linked to it', async () => {
    says('{"id":"104000000000005","name":"Corner","instagram_business_account":{"id":17841400000000012,"username":"corner"}}')
    const connected = await connectManually(ctx, {
      route: 'facebook',
      accessToken: 'EAApage',
      graphUrl: `${graph.url}/`,
      graphVersion: 'v25.0',
      pageId: '104000000000005',
    })
    expect(connected).toMatchObject({ id: '17841400000000012', username: 'corner' })
    expect(graph.asked[0]?.url).toMatch(/^\/v25\.0\/me\?/)
    const found = await connectionFor(fresh.sql, connected.id)
    expect(found).toMatchObject({ route: 'facebook', nodeId: '104000000000005', version: 'v25.0' })
    expect(found?.token.reveal()).toBe('EAApage')
  })

  it('seals everything, tells no secret, and opens it for the engine', async () => {
    says({ user_id: '17841400000000011' })
    const connected = await connectManually(ctx, { ...input(), appSecret: 'app-secret-1', verifyToken: 'verify-1' })
    expect(connected.webhookUrl).toBe(`https://parley.example/api/webhooks/instagram/${connected.connectionId}`)
    const stored = JSON.stringify(await fresh.sql`select * from connection`)
    const told = JSON.stringify([connected, await listAccounts(ctx), await getAccount(ctx, connected.id)])
    for (const secret of ['IGAAtoken', 'app-secret-1', 'verify-1']) {
      expect(stored).not.toContain(secret)
      expect(told).not.toContain(secret)
    }
    expect(told).not.toContain('v1.')
    const webhook = await connectionWebhook(fresh.sql, connected.connectionId)
    expect([webhook?.accountId, webhook?.appSecret?.reveal(), webhook?.verifyToken?.reveal()]).toEqual([
      connected.id,
      'app-secret-1',
      'verify-1',
    ])
    expect(await connectionWebhook(fresh.sql, 'nonsense')).toBeNull()
    expect(await connectionWebhook(fresh.sql, '00000000-0000-4000-8000-000000000000')).toBeNull()
  })

  it('connecting again keeps the account and its webhook address, renews the token and lets waiting sends go', async () => {
    says({ user_id: '17841400000000011', username: 'old' })
    const first = await connectManually(ctx, { ...input(), appSecret: 'app-secret-1' })
    await fresh.sql`update account set program_id = 'kept'`
    await fresh.sql`update connection set status = 'reconnect', status_reason = 'expired'`
    await fresh.sql`insert into account_budget (account_id, workspace_id, paused_until) values (${first.id}, ${ctx.workspaceId}, app_now() + interval '1 hour')`
    says({ user_id: '17841400000000011', username: 'new' })
    const second = await connectManually(ctx, { ...input(), accessToken: 'IGAAnew' })
    expect(second).toMatchObject({
      isNew: false,
      connectionId: first.connectionId,
      webhookUrl: first.webhookUrl,
      username: 'new',
    })
    expect(await counts()).toEqual({ accounts: 1, connections: 1 })
    expect(await fresh.sql`select program_id, username from account`).toMatchObject([{ program_id: 'kept', username: 'new' }])
    expect((await connectionFor(fresh.sql, first.id))?.token.reveal()).toBe('IGAAnew')
    expect((await connectionWebhook(fresh.sql, first.connectionId))?.appSecret?.reveal()).toBe('app-secret-1')
    expect(await fresh.sql`select 1 from account_budget`).toHaveLength(0)
    await connectManually(ctx, { ...input(), appSecret: null })
    expect((await connectionWebhook(fresh.sql, first.connectionId))?.appSecret).toBeNull()
  })

  it('an account of another workspace stays there, unseen and unchanged', async () => {
    says({ user_id: '17841400000000011', username: 'theirs' })
    await connectManually(other, input())
    const before = await fresh.sql`select * from account, connection`
    says({ user_id: '17841400000000011', username: 'stolen' })
    await expect(connectManually(ctx, input())).rejects.toMatchObject({ code: 'conflict' })
    expect(await fresh.sql`select * from account, connection`).toEqual(before)
    expect(await listAccounts(ctx)).toEqual([])
    await expect(getAccount(ctx, '17841400000000011')).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each([
    ['a dead token', { error: { code: 190, error_subcode: 463 } }, 400, /token is not valid/],
    ['a missing permission', { error: { code: 10 } }, 400, /permission is missing/],
    ['a server that is not Graph', '<html>', 200, /does not answer as Graph does/],
    ['another kind of object', { id: '1' }, 200, /user_id/],
    ['an id that is no id', { user_id: '../me' }, 200, /whose token/],
    ['a broken server', 'oops', 502, /does not answer as Graph does/],
    ['a page of something else', 'There is no such page.', 404, /does not answer as Graph does/],
  ])('%s is refused in words and leaves no half row', async (_, body, status, words) => {
    says(body, status)
    await expect(connectManually(ctx, input())).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(words) })
    expect(await counts()).toEqual({ accounts: 0, connections: 0 })
  })

  it('refuses an origin that nobody answers at, a Page without an account, and a token of somebody else', async () => {
    await expect(connectManually(ctx, { ...instagram, graphUrl: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'refused',
    })
    await expect(connectManually(ctx, { ...instagram, graphUrl: 'http://me:secret@127.0.0.1:1' })).rejects.toThrow(/password/)
    says({ id: '104000000000005' })
    await expect(connectManually(ctx, { ...input(), route: 'facebook' })).rejects.toThrow(/No Instagram account is linked/)
    says({ user_id: '17841400000000011' })
    await expect(connectManually(ctx, { ...input(), igId: '17841400000000099' })).rejects.toThrow(/another Instagram account/)
    expect(await counts()).toEqual({ accounts: 0, connections: 0 })
  })

  it('needs an admin', async () => {
    await expect(connectManually({ ...ctx, role: 'editor' }, input())).rejects.toMatchObject({ code: 'forbidden' })
    expect(graph.asked).toEqual([])
  })
})
