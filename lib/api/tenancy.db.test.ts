import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ctx } from '@/lib/accounts/principal'
import { isAtLeast, ROLES } from '@/lib/accounts/role'
import {
  type GraphDouble,
  makeAccount,
  makeConversation,
  makeHeard,
  makeWorkspace,
  setTestEnvironment,
  startGraphDouble,
} from '@/lib/accounts/testing'
import { inWorkspace } from '@/lib/db/in-workspace'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { emptyFlow } from '@/lib/flow/flow'
import { takeOver } from '@/lib/inbox/take-over'
import { createFlow } from '@/lib/studio/create-flow'
import { publish } from '@/lib/studio/publish'
import { type RouteKey, routeRoles } from './roles'
import { type Call, caller, callerWith } from './testing'

/*
 * Two workspaces that have everything. One asks for the other's things, at every endpoint of the OpenAPI document, with the
 * highest role there is: it must learn nothing and change nothing.
 */

interface Home {
  ctx: Ctx
  accountId: string
  flowId: string
  conversationId: string
  messageId: string
}

let fresh: FreshDatabase
let graph: GraphDouble
let mine: Home
let theirs: Home
let call: Call
beforeAll(async () => {
  fresh = await freshDatabase()
  setTestEnvironment(fresh.url)
  graph = await startGraphDouble()
  mine = await furnish('mine', '17841400000000051')
  theirs = await furnish('theirs', '17841400000000052')
  call = await callerWith(mine.ctx, 'owner')
})
afterAll(async () => {
  await graph.close()
  await fresh.close()
})
beforeEach(() => {
  // Whose token it is: the other workspace's account.
  graph.answer = { status: 200, body: `{"user_id":"${theirs.accountId}","username":"taken"}` }
})

const document = () => ({
  ...emptyFlow('Greeting'),
  nodes: [
    {
      id: 'start',
      kind: 'keyword',
      position: { x: 0, y: 0 },
      data: { phrases: [{ id: 'p1', text: 'hi' }], match: 'word', always: false, reentry: 'restart' },
    },
    { id: 'say', kind: 'message', position: { x: 200, y: 0 }, data: { bubbles: [{ id: 'b1', type: 'text', text: 'Hello' }] } },
  ],
  edges: [{ id: 'e1', source: 'start', port: 'next', target: 'say' }],
})

async function furnish(name: string, accountId: string): Promise<Home> {
  const ctx = await makeWorkspace(fresh.db, name)
  await makeAccount(ctx, accountId)
  const { id: flowId } = await createFlow(ctx, { document: document() })
  await publish(ctx, { flowId, accounts: [accountId] })
  const lane = { accountId, igsid: `61${accountId}` }
  const conversationId = await makeConversation(ctx, { ...lane, run: { flow: flowId, version: 1, node: 'say' } })
  const messageId = await makeHeard(ctx, lane, `the secret of ${name}`)
  const { workspaceId } = ctx
  await fresh.sql`
    insert into outbox (account_id, igsid, out_seq, workspace_id, event_id, effect_ix, message_id, author, message, fingerprint, status)
    values (${accountId}, ${lane.igsid}, 1, ${workspaceId}, 1, 0, ${messageId}, '{"type":"system"}', '{"type":"text","text":"?"}', 'f', 'needs-person')`
  await fresh.sql`insert into send_lane (account_id, igsid, workspace_id) values (${accountId}, ${lane.igsid}, ${workspaceId})`
  await fresh.sql`insert into timer (account_id, igsid, timer_id, workspace_id, generation, due) values (${accountId}, ${lane.igsid}, 't', ${workspaceId}, 1, now())`
  await fresh.sql`insert into job (account_id, workspace_id, kind) values (${accountId}, ${workspaceId}, 'profile')`
  await fresh.sql`insert into dead_letter (account_id, igsid, event_id, workspace_id, error, at) values (${accountId}, ${lane.igsid}, 1, ${workspaceId}, 'e', now())`
  await fresh.sql`insert into account_budget (account_id, workspace_id) values (${accountId}, ${workspaceId})`
  await fresh.sql`insert into delivery (account_id, workspace_id, received_at, verdict, reason, body) values (${accountId}, ${workspaceId}, now(), 'quarantined', 'r', 'b')`
  await fresh.sql`insert into seen (account_id, dedupe_key, workspace_id) values (${accountId}, 'k', ${workspaceId})`
  await fresh.sql`insert into connection (workspace_id, account_id, route, node_id, token) values (${workspaceId}, ${accountId}, 'instagram', ${accountId}, 'sealed')`
  await callerWith(ctx, 'viewer')
  await takeOver(ctx, { conversationId })
  return { ctx, accountId, flowId, conversationId, messageId }
}

interface Parameters {
  /** Fills the path, and the body where there is one. */
  body?: (home: Home) => unknown
  /** What somebody else gets: 404 unless told otherwise. */
  others?: { status: number } | 'nothing-of-theirs'
}

const draft = { revision: 1, document: { ...document(), name: 'Changed' } }

/** Every endpoint, so that each can be called with anybody's ids. One without a row here fails the test below. */
const endpoints: Record<RouteKey, Parameters> = {
  'GET /me': { others: 'nothing-of-theirs' },
  'GET /accounts': { others: 'nothing-of-theirs' },
  'POST /accounts': { body: () => ({ route: 'instagram', accessToken: 'token', graphUrl: graph.url }), others: { status: 409 } },
  'GET /accounts/{accountId}': {},
  'GET /flows': { others: 'nothing-of-theirs' },
  // Makes a thing of one's own, wherever one is.
  'POST /flows': { body: () => ({ name: 'New' }), others: 'nothing-of-theirs' },
  'GET /flows/{flowId}': {},
  'PUT /flows/{flowId}/draft': { body: () => draft },
  'POST /flows/{flowId}/check': {},
  'POST /flow-checks': { body: () => ({ document: document() }), others: 'nothing-of-theirs' },
  'POST /flows/{flowId}/publish': { body: ({ accountId }) => ({ accounts: [accountId] }) },
  'POST /flows/{flowId}/unpublish': { body: ({ accountId }) => ({ accountId }) },
  'GET /flows/{flowId}/versions': {},
  'GET /flows/{flowId}/versions/{version}': {},
  'GET /flows/{flowId}/export': {},
  'GET /conversations': { others: 'nothing-of-theirs' },
  'GET /conversations/{conversationId}': {},
  'GET /conversations/{conversationId}/messages': {},
  'POST /conversations/{conversationId}/messages': { body: () => ({ clientId: 'c', text: 'Hi' }) },
  'POST /conversations/{conversationId}/take-over': {},
  'POST /conversations/{conversationId}/hand-back': {},
  'POST /messages/{messageId}/mark-sent': {},
  'POST /messages/{messageId}/send-again': {},
}
const keys = Object.keys(endpoints) as RouteKey[]

/** Ids that look right and belong to nobody. */
const nobody = {
  accountId: '17841400000000059',
  flowId: 'flow_AAAAAAAAAAAA',
  conversationId: '00000000-0000-4000-8000-000000000001',
  messageId: '00000000-0000-4000-8000-000000000002',
}

const pathOf = (key: RouteKey, ids: Omit<Home, 'ctx'>) =>
  (key.split(' ')[1] ?? '')
    .replace('{accountId}', ids.accountId)
    .replace('{flowId}', ids.flowId)
    .replace('{conversationId}', ids.conversationId)
    .replace('{messageId}', ids.messageId)
    .replace('{version}', '1')
const request = (by: Call, key: RouteKey, home: Home) =>
  by(key.split(' ')[0] ?? '', pathOf(key, home), endpoints[key].body?.(home))

/** All tenant tables, found in the database itself. */
const tenantTables = async () =>
  (
    await fresh.sql<{ name: string }[]>`
    select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'workspace_id' order by 1`
  ).map(({ name }) => name)

/** Everything of one workspace, but for when its keys were last used. */
async function everythingOf({ ctx }: Home): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {}
  for (const table of await tenantTables()) {
    all[table] = [
      ...(await fresh.sql`select to_jsonb(t) - 'last_used_at' as row from ${fresh.sql(table)} t where workspace_id = ${ctx.workspaceId} order by 1`),
    ]
  }
  return all
}

it('knows every endpoint of the OpenAPI document, and its role stands in it', async () => {
  const { body } = await caller(mine.ctx)('GET', '/openapi.json')
  const described = Object.entries(body.paths as Record<string, Record<string, { 'x-role': string }>>).flatMap(
    ([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
        operation['x-role'],
      ]),
  )
  expect(Object.fromEntries(described)).toEqual(routeRoles)
  expect(described.map(([key]) => key).sort()).toEqual([...keys].sort())
})

describe.each(keys)('%s', (key) => {
  it("with the other workspace's ids tells nothing and changes nothing", async () => {
    const before = await everythingOf(theirs)
    const answer = await request(call, key, theirs)
    expect(await everythingOf(theirs)).toEqual(before)
    for (const id of [theirs.ctx.workspaceId, theirs.flowId, theirs.conversationId, theirs.messageId, 'the secret of theirs']) {
      expect(answer.text).not.toContain(id)
    }
    const expected = endpoints[key].others
    if (expected === 'nothing-of-theirs') {
      expect(answer.status).toBeLessThan(300)
      expect(answer.text).not.toContain(theirs.accountId)
    } else {
      expect(answer.status).toBe(expected?.status ?? 404)
    }
    if (expected === undefined) {
      const unknown = await request(call, key, { ...nobody, ctx: theirs.ctx })
      expect(unknown.text).toBe(answer.text)
    }
  })

  it('answers from the least role on, and nobody below it', async () => {
    const needed = routeRoles[key]
    for (const role of ROLES) {
      const answer = await request(await callerWith(mine.ctx, role), key, { ...nobody, ctx: mine.ctx })
      if (isAtLeast(role, needed)) expect([role, answer.status]).not.toEqual([role, 403])
      else expect([role, answer.status]).toEqual([role, 403])
    }
    expect((await request(caller(mine.ctx), key, mine)).status).toBe(401)
    expect((await request(caller(mine.ctx, { authorization: `Bearer parley_${'x'.repeat(43)}` }), key, mine)).status).toBe(401)
  })
})

describe('row security', () => {
  it('binds this role, and shows a statement without a where its own rows only, in every tenant table', async () => {
    const [role] = await fresh.sql`select rolsuper, rolbypassrls from pg_roles where rolname = current_user`
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false })
    const tables = await tenantTables()
    expect(tables).toEqual(
      expect.arrayContaining([
        'account',
        'api_key',
        'connection',
        'conversation',
        'flow',
        'inbound_event',
        'lane',
        'message',
        'outbox',
      ]),
    )
    for (const home of [mine, theirs]) {
      const visible = await inWorkspace(home.ctx, async (tx) => {
        const seen: [string, string[]][] = []
        for (const table of tables) {
          const rows = await tx.execute<{ id: string }>(sql`select distinct workspace_id as id from ${sql.identifier(table)}`)
          seen.push([table, rows.map(({ id }) => id)])
        }
        return seen
      })
      expect(visible).toEqual(tables.map((table) => [table, [home.ctx.workspaceId]]))
      const workspaces = await inWorkspace(home.ctx, (tx) => tx.execute(sql`select id from workspace`))
      expect(workspaces).toEqual([{ id: home.ctx.workspaceId }])
    }
  })

  it('refuses to write, change or remove what is not one’s own', async () => {
    const { workspaceId } = theirs.ctx
    await expect(
      inWorkspace(mine.ctx, (tx) =>
        tx.execute(sql`insert into seen (account_id, dedupe_key, workspace_id) values ('x', 'y', ${workspaceId})`),
      ),
    ).rejects.toMatchObject({ cause: { code: '42501' } })
    for (const statement of [
      sql`update flow set name = 'taken' where workspace_id = ${workspaceId} returning 1`,
      sql`delete from message where workspace_id = ${workspaceId} returning 1`,
    ]) {
      expect(await inWorkspace(mine.ctx, (tx) => tx.execute(statement))).toHaveLength(0)
    }
  })

  it('leaves nothing set on the pooled connection afterwards', async () => {
    await inWorkspace(mine.ctx, (tx) => tx.execute(sql`select 1`))
    const names = await Promise.all(Array.from({ length: 8 }, () => fresh.sql`select count(*)::int as n from workspace`))
    expect(names.every(([row]) => row?.n === 2)).toBe(true)
  })
})

it('the same calls with ids of their own are answered: the refusals above are not for another reason', async () => {
  // Last, because it changes what it touches.
  const failed: unknown[] = []
  for (const key of keys) {
    if (key === 'POST /accounts') graph.answer = { status: 200, body: `{"user_id":"${mine.accountId}"}` }
    const answer = await request(call, key, mine)
    // The message is settled by the first of its two endpoints.
    const expected = key === 'POST /messages/{messageId}/send-again' ? 409 : undefined
    if (expected ? answer.status !== expected : answer.status >= 300) failed.push([key, answer.status, answer.body])
  }
  expect(failed).toEqual([])
})
