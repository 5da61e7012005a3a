import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey } from '@/lib/accounts/api-keys'
import type { Ctx } from '@/lib/accounts/principal'
import {
  type GraphDouble,
  makeConversation,
  makeHeard,
  makeWorkspace,
  setTestEnvironment,
  startGraphDouble,
} from '@/lib/accounts/testing'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { serialiseFlow } from '@/lib/flow/serialise'
import { MAX_BODY_BYTES } from './api'
import { type Answer, type Call, caller, callerWith } from './testing'

const ACCOUNT = '17841400000000041'
const IGSID = '6100000000000041'
let fresh: FreshDatabase
let graph: GraphDouble
let ctx: Ctx
let call: Call
beforeAll(async () => {
  fresh = await freshDatabase()
  setTestEnvironment(fresh.url)
  graph = await startGraphDouble()
  ctx = await makeWorkspace(fresh.db, 'api')
  call = await callerWith(ctx, 'admin')
})
afterAll(async () => {
  await graph.close()
  await fresh.close()
})

const document = (text = 'Hello') => ({
  schemaVersion: 1 as const,
  name: 'Greeting',
  nodes: [
    {
      id: 'start',
      kind: 'keyword' as const,
      position: { x: 0, y: 0 },
      data: { phrases: [{ id: 'p1', text: 'hi' }], match: 'word' as const, always: false, reentry: 'restart' as const },
    },
    {
      id: 'say',
      kind: 'message' as const,
      position: { x: 200, y: 0 },
      data: { bubbles: [{ id: 'b1', type: 'text' as const, text }] },
    },
  ],
  edges: [{ id: 'e1', source: 'start', port: 'next', target: 'say' }],
  variables: [],
  notes: [],
  groups: [],
})

function expectProblem(answer: Answer, status: number, code: string) {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer).toMatchObject({
    status,
    body: { type: 'about:blank', status, code, title: expect.any(String), detail: expect.any(String) },
  })
}

describe('a whole piece of work over HTTP', () => {
  it('connects, draws, publishes, answers and hands back', async () => {
    expect((await call('GET', '/me')).body).toMatchObject({
      workspaceId: ctx.workspaceId,
      role: 'admin',
      actor: { type: 'api-key', name: 'admin key' },
    })
    graph.answer = { status: 200, body: `{"user_id":"${ACCOUNT}","username":"bakery"}` }
    const connecting = { route: 'instagram', accessToken: 'IGAA-secret', appSecret: 'app-secret', graphUrl: graph.url }
    const connected = await call('POST', '/accounts', connecting)
    expect(connected).toMatchObject({
      status: 201,
      body: { id: ACCOUNT, username: 'bakery', webhookUrl: expect.stringMatching(/\/api\/webhooks\/instagram\/[\da-f-]{36}$/) },
    })
    expect((await call('POST', '/accounts', connecting)).status).toBe(200)
    const accounts = await call('GET', '/accounts')
    expect(accounts.body.items).toMatchObject([{ id: ACCOUNT, connections: [{ hasAppSecret: true, status: 'active' }] }])
    expect(accounts.text + connected.text).not.toMatch(/IGAA-secret|"app-secret"|v1\./)

    const made = await call('POST', '/flows', { document: document() })
    expect(made).toMatchObject({ status: 201, body: { name: 'Greeting', revision: 1 } })
    const flow = `/flows/${made.body.id}`
    expect(await call('PUT', `${flow}/draft`, { revision: 1, document: document('Hi!') })).toMatchObject({
      status: 200,
      body: { revision: 2 },
    })
    const late = await call('PUT', `${flow}/draft`, { revision: 1, document: document('Late') })
    expectProblem(late, 409, 'conflict')
    expect(late.body.current).toEqual({ revision: 2, draft: document('Hi!') })
    expect((await call('POST', `${flow}/check`)).body.isPublishable).toBe(true)
    expect(await call('POST', `${flow}/publish`, { accounts: [ACCOUNT], revision: 2 })).toMatchObject({
      status: 200,
      body: { version: 1, accounts: [{ accountId: ACCOUNT }] },
    })
    expect((await call('GET', `${flow}/versions`)).body.items).toMatchObject([{ version: 1, people: 0 }])
    expect((await call('GET', `${flow}/versions/1`)).body.document).toEqual(document('Hi!'))
    expect((await call('GET', '/flows')).body.items).toMatchObject([{ id: made.body.id, latestVersion: 1 }])
    expect((await call('GET', `/accounts/${ACCOUNT}`)).body.deployments).toEqual([{ flowId: made.body.id, version: 1 }])
    const exported = await call('GET', `${flow}/export`)
    expect(exported.text).toBe(serialiseFlow(document('Hi!')))
    expect(exported.headers.get('content-disposition')).toContain(`${made.body.id}.json`)

    const id = await makeConversation(ctx, { accountId: ACCOUNT, igsid: IGSID })
    await makeHeard(ctx, { accountId: ACCOUNT, igsid: IGSID }, 'Is anybody there?')
    const conversation = `/conversations/${id}`
    expect((await call('GET', '/conversations?hold=bot&limit=5')).body).toMatchObject({
      items: [{ id, window: { state: 'open' } }],
      nextCursor: null,
    })
    expect((await call('GET', conversation)).body.contact.igsid).toBe(IGSID)
    expect((await call('GET', `${conversation}/messages`)).body.items).toMatchObject([
      { content: { type: 'heard', text: 'Is anybody there?' } },
    ])
    expect((await call('POST', `${conversation}/take-over`)).status).toBe(202)
    const said = await call('POST', `${conversation}/messages`, { clientId: 'm-1', text: 'Ana here.' })
    expect(said).toMatchObject({
      status: 202,
      body: { clientId: 'm-1', eventId: expect.stringMatching(/^\d+$/), isRepeat: false },
    })
    expect((await call('POST', `${conversation}/messages`, { clientId: 'm-1', text: 'Ana here.' })).body).toEqual({
      ...said.body,
      isRepeat: true,
    })
    expect(
      (await call('POST', `${conversation}/messages`, { clientId: 'm-2', imageUrl: 'https://example.com/a.png' })).status,
    ).toBe(202)
    expect((await call('POST', `${conversation}/hand-back`)).status).toBe(202)
    const kinds = await fresh.sql`select kind from inbound_event order by id`
    expect(kinds.map(({ kind }) => kind)).toEqual(['take-over', 'reply', 'reply', 'hand-back'])
    expect(await call('POST', `${flow}/unpublish`, { accountId: ACCOUNT })).toMatchObject({ status: 200 })
  })

  it('settles what nobody can tell the fate of, once', async () => {
    const messageId = '3b241101-e2bb-4255-8caf-4136c566a962'
    await fresh.sql`
      insert into message (account_id, igsid, id, workspace_id, author, content, status, at)
      values (${ACCOUNT}, ${IGSID}, ${messageId}, ${ctx.workspaceId}, '{"type":"system"}', '{"type":"said","message":{"type":"text","text":"?"}}', 'needs-person', now())`
    await fresh.sql`
      insert into outbox (account_id, igsid, out_seq, workspace_id, event_id, effect_ix, message_id, author, message, fingerprint, status)
      values (${ACCOUNT}, ${IGSID}, 1, ${ctx.workspaceId}, 1, 0, ${messageId}, '{"type":"system"}', '{"type":"text","text":"?"}', 'f', 'needs-person')`
    expect(await call('POST', `/messages/${messageId}/mark-sent`)).toMatchObject({ status: 200, body: { messageId } })
    expect(await fresh.sql`select status from outbox where message_id = ${messageId}`).toMatchObject([{ status: 'sent' }])
    expectProblem(await call('POST', `/messages/${messageId}/send-again`), 409, 'conflict')
  })
})

describe('problems', () => {
  it('name what is wrong where', async () => {
    const answer = await call('POST', '/accounts', { route: 'fax', accessToken: '', graphUrl: 'ftp://x', extra: 1 })
    expectProblem(answer, 400, 'invalid')
    expect(answer.body.problems.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['route', 'accessToken', 'graphUrl']),
    )
    expectProblem(await call('GET', '/conversations?limit=1000'), 400, 'invalid')
    expectProblem(await call('GET', '/conversations?cursor=nonsense'), 400, 'invalid')
    expectProblem(await call('GET', '/conversations/not-a-uuid'), 400, 'invalid')
    expectProblem(await call('GET', '/flows/%00'), 400, 'invalid')
    expectProblem(await call('GET', '/flows/x/versions/99999999999'), 400, 'invalid')
    expectProblem(await call('POST', '/flows', '{"name":'), 400, 'invalid')
    const unknownField = await call('POST', '/flows', { document: { ...document(), colour: 'red' } })
    expectProblem(unknownField, 400, 'invalid')
    expect(unknownField.body.problems).toMatchObject([{ path: 'colour' }])
  })

  it('name the field of the nearest alternative', async () => {
    const id = await makeConversation(ctx, { accountId: ACCOUNT, igsid: '6100000000000043' })
    const number = await call('POST', `/conversations/${id}/messages`, { clientId: 'c', text: 5 })
    expectProblem(number, 400, 'invalid')
    expect(number.body.problems).toMatchObject([{ path: 'text' }])
    expect((await call('POST', '/flows', { name: 5 })).body.problems).toMatchObject([{ path: 'name' }])
  })

  it('refuse what the database could not take, before it is asked', async () => {
    const id = await makeConversation(ctx, { accountId: ACCOUNT, igsid: '6100000000000044' })
    const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url')
    const long = '9'.repeat(19)
    expectProblem(await call('GET', `/conversations?cursor=${cursor([long, id])}`), 400, 'invalid')
    expectProblem(await call('GET', `/conversations/${id}/messages?cursor=${cursor([long])}`), 400, 'invalid')
    expect((await call('GET', `/conversations?cursor=${cursor(['9'.repeat(18), id])}`)).status).toBe(200)
    const { body } = await call('POST', '/flows', { document: document() })
    const flow = `/flows/${body.id}`
    expectProblem(await call('PUT', `${flow}/draft`, { revision: 2 ** 31 - 1, document: document() }), 400, 'invalid')
    expectProblem(await call('POST', `${flow}/publish`, { accounts: ['a\0b'] }), 400, 'invalid')
    expectProblem(await call('POST', `${flow}/publish`, { accounts: [ACCOUNT], note: 'a\0b' }), 400, 'invalid')
    const deep = `{"document":{"schemaVersion":1,"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`
    expectProblem(await call('POST', '/flow-checks', deep), 400, 'invalid')
  })

  it('a body without a content type is read as no JSON, not as an empty one', async () => {
    const { key } = await createApiKey(ctx, { name: 'plain', role: 'editor' })
    const plain = caller(ctx, { authorization: `Bearer ${key}`, 'content-type': 'text/plain' })
    expectProblem(await plain('POST', '/flows'), 400, 'invalid')
  })

  it('carry the findings, the limit and the reason', async () => {
    const broken = { ...document(), edges: [{ id: 'e1', source: 'start', port: 'next', target: 'gone' }] }
    const { body } = await call('POST', '/flows', { document: broken })
    const publish = await call('POST', `/flows/${body.id}/publish`, { accounts: [ACCOUNT] })
    expectProblem(publish, 422, 'refused')
    expect(publish.body.findings[0]).toMatchObject({ severity: expect.any(String), message: expect.any(String) })
    expect((await call('POST', '/flow-checks', { document: broken })).body).toMatchObject({ isPublishable: false })
    const id = await makeConversation(ctx, { accountId: ACCOUNT, igsid: '6100000000000042', wroteMsAgo: 8 * 86_400_000 })
    const closed = await call('POST', `/conversations/${id}/messages`, { clientId: 'c', text: 'Hi' })
    expectProblem(closed, 422, 'refused')
    expect(closed.body.window).toMatchObject({ state: 'closed', why: 'over-7-days' })
    const long = await call('POST', `/conversations/${id}/messages`, { clientId: 'c', text: 'x'.repeat(1001) })
    expect(long.body).toMatchObject({ limit: 'text', max: 1000, unit: 'bytes', measured: 1001 })
    graph.answer = { status: 400, body: '{"error":{"code":190}}' }
    expectProblem(
      await call('POST', '/accounts', { route: 'instagram', accessToken: 'dead', graphUrl: graph.url }),
      422,
      'refused',
    )
  })

  it('need a key everywhere but at the description, and know every path', async () => {
    const stranger = caller(ctx)
    const refused = await stranger('GET', '/me')
    expectProblem(refused, 401, 'unauthenticated')
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    expect((await stranger('GET', '/openapi.json')).status).toBe(200)
    expectProblem(await stranger('GET', '/nowhere'), 401, 'unauthenticated')
    expectProblem(await call('GET', '/nowhere'), 404, 'not-found')
    expectProblem(await call('DELETE', '/me'), 404, 'not-found')
  })

  it('refuse a body over the limit, told beforehand or not', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(MAX_BODY_BYTES) })
    expectProblem(await call('POST', '/flows', body), 413, 'too-large')
  })

  it('tell nothing of an error nobody foresaw', async () => {
    const broken = await callerWith(ctx, 'viewer')
    await fresh.sql`alter table flow rename to flow_away`
    const answer = await broken('GET', '/flows').finally(() => fresh.sql`alter table flow_away rename to flow`)
    expectProblem(answer, 500, 'internal')
    expect(answer.text).not.toMatch(/flow"|relation|select/)
  })
})
