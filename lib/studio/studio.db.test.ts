import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeAccount, makeConversation, makeWorkspace } from '@/lib/accounts/testing'
import type { Ctx } from '@/lib/db/in-workspace'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import type { FlowDocument } from '@/lib/flow/flow'
import { serialiseFlow } from '@/lib/flow/serialise'
import { Settings } from '@/lib/flow/settings'
import { checkDocument, checkDraft, checkForWorkspace } from './check-draft'
import { createFlow } from './create-flow'
import { getFlow, getVersion, listFlows } from './get-flow'
import { listVersions } from './mid-flow'
import { publish } from './publish'
import { saveDraft } from './save-draft'
import { unpublish } from './unpublish'

const A = '17841400000000031'
const B = '17841400000000032'
let fresh: FreshDatabase
let ctx: Ctx
let other: Ctx
beforeAll(async () => {
  fresh = await freshDatabase()
})
afterAll(() => fresh.close())
beforeEach(async () => {
  await fresh.sql`truncate workspace, "user", conversation, lane, inbound_event, seen cascade`
  ctx = await makeWorkspace(fresh.db, 'studio', 'editor')
  other = await makeWorkspace(fresh.db, 'other', 'editor')
  await makeAccount(ctx, A)
  await makeAccount(ctx, B)
})

/** A keyword that is answered. */
const greeting = (words = 'Hello', name = 'Greeting'): FlowDocument => ({
  schemaVersion: 1,
  name,
  nodes: [
    {
      id: 'start',
      kind: 'keyword',
      position: { x: 0, y: 0 },
      data: { phrases: [{ id: 'p1', text: 'hi' }], match: 'word', always: false, reentry: 'restart' },
    },
    { id: 'say', kind: 'message', position: { x: 200, y: 0 }, data: { bubbles: [{ id: 'b1', type: 'text', text: words }] } },
  ],
  edges: [{ id: 'e1', source: 'start', port: 'next', target: 'say' }],
  variables: [],
  notes: [],
  groups: [],
})
/** Shaped like a flow, with an edge that leads nowhere. */
const broken = (): FlowDocument => ({ ...greeting(), edges: [{ id: 'e1', source: 'start', port: 'next', target: 'gone' }] })

const programOf = async (accountId: string) =>
  (
    await fresh.sql`select p.id, p.settings, p.deployments from account a join program p on p.id = a.program_id where a.id = ${accountId}`
  )[0]

describe('drafts', () => {
  it('are created empty or from a document, and listed', async () => {
    const empty = await createFlow(ctx, { name: 'New' })
    expect(empty).toMatchObject({ name: 'New', revision: 1, latestVersion: null, draft: { nodes: [] }, deployments: [] })
    const made = await createFlow(ctx, { document: greeting() })
    expect((await getFlow(ctx, made.id)).draft).toEqual(greeting())
    expect((await listFlows(ctx)).map(({ id }) => id).sort()).toEqual([empty.id, made.id].sort())
    expect(await listFlows(other)).toEqual([])
  })

  it('save only from the revision they were made from; the other gets what is there now', async () => {
    const { id } = await createFlow(ctx, { document: greeting() })
    const saves = await Promise.allSettled(
      ['Ana', 'Ben'].map((name) => saveDraft(ctx, { flowId: id, revision: 1, document: greeting('Hi', name) })),
    )
    const won = saves.findIndex(({ status }) => status === 'fulfilled')
    const winner = ['Ana', 'Ben'][won]
    expect(saves[won]).toMatchObject({ value: { revision: 2 } })
    expect(saves[1 - won]).toMatchObject({
      reason: { code: 'conflict', details: { current: { revision: 2, draft: greeting('Hi', winner) } } },
    })
    expect(await getFlow(ctx, id)).toMatchObject({ name: winner, revision: 2 })
  })

  it('never take in a document with unknown fields, of a newer format, or that cannot be stored', async () => {
    const { id } = await createFlow(ctx, { document: greeting() })
    const save = (document: Record<string, unknown>) => saveDraft(ctx, { flowId: id, revision: 1, document })
    await expect(save({ ...greeting(), colour: 'red' })).rejects.toMatchObject({
      code: 'invalid',
      details: { problems: [{ path: 'colour' }] },
    })
    await expect(save({ ...greeting(), schemaVersion: 999 })).rejects.toMatchObject({ code: 'invalid' })
    await expect(save({ ...greeting('nul \0') })).rejects.toMatchObject({
      details: { problems: [{ path: 'nodes.1.data.bubbles.0.text' }] },
    })
    await expect(save({ ...greeting('half \udc00') })).rejects.toMatchObject({ code: 'invalid' })
    expect((await getFlow(ctx, id)).revision).toBe(1)
  })

  it('may be saved with errors, which the checker tells', async () => {
    const { id } = await createFlow(ctx, { document: broken() })
    const checked = await checkDraft(ctx, id)
    expect(checked.isPublishable).toBe(false)
    expect(checked.findings.some(({ severity }) => severity === 'error')).toBe(true)
    expect(checkDocument(broken())).toEqual(checked)
    expect(checkDocument(greeting()).isPublishable).toBe(true)
  })
})

describe('the checker', () => {
  it('goes by the settings of the workspace', async () => {
    const codes = async () => (await checkForWorkspace(ctx, greeting())).findings.map(({ code }) => code)
    expect(await codes()).not.toContain('no-disclosure')
    await fresh.sql`update workspace set settings = '{"disclosure": null}' where id = ${ctx.workspaceId}`
    expect(await codes()).toContain('no-disclosure')
  })

  it('knows the flows that are asked before this one where it runs, and those alone', async () => {
    const [first, second] = await Promise.all(
      ['first', 'second'].map((name) => createFlow(ctx, { document: greeting('x', name) })),
    )
    await publish(ctx, { flowId: first?.id ?? '', accounts: [A] })
    await publish(ctx, { flowId: second?.id ?? '', accounts: [B] })
    const codes = async (id = '') => (await checkDraft(ctx, id)).findings.map(({ code }) => code)
    expect(await codes(second?.id)).not.toContain('trigger-never-fires')
    await publish(ctx, { flowId: second?.id ?? '', accounts: [A] })
    expect(await codes(second?.id)).toContain('trigger-never-fires')
    expect(await codes(first?.id)).not.toContain('trigger-never-fires')
  })
})

describe('publish', () => {
  it('freezes a version and runs it on the accounts', async () => {
    await fresh.sql`update workspace set settings = '{"disclosure": null}' where id = ${ctx.workspaceId}`
    const { id } = await createFlow(ctx, { document: greeting() })
    const published = await publish(ctx, { flowId: id, accounts: [B, A], note: 'first' })
    expect(published).toMatchObject({
      version: 1,
      isNewVersion: true,
      told: 0,
      accounts: [
        { accountId: B, position: 1 },
        { accountId: A, position: 1 },
      ],
    })
    for (const { accountId, programId } of published.accounts) {
      expect(await programOf(accountId)).toEqual({
        id: programId,
        settings: Settings.parse({ disclosure: null }),
        deployments: [{ flow: id, version: 1 }],
      })
    }
    expect(await getVersion(ctx, id, 1)).toMatchObject({ note: 'first', publishedBy: ctx.actor.name, document: greeting() })
    expect(await getFlow(ctx, id)).toMatchObject({
      latestVersion: 1,
      deployments: [
        { accountId: A, version: 1 },
        { accountId: B, version: 1 },
      ],
    })
  })

  it('makes no new version of the same document, and never changes an old one', async () => {
    const { id } = await createFlow(ctx, { document: greeting() })
    await publish(ctx, { flowId: id, accounts: [A] })
    // The same document with its fields in another order.
    await saveDraft(ctx, { flowId: id, revision: 1, document: Object.fromEntries(Object.entries(greeting()).reverse()) })
    expect(await publish(ctx, { flowId: id })).toMatchObject({ version: 1, isNewVersion: false })
    await saveDraft(ctx, { flowId: id, revision: 2, document: greeting('Hello again') })
    expect(await publish(ctx, { flowId: id })).toMatchObject({ version: 2, isNewVersion: true })
    expect(serialiseFlow((await getVersion(ctx, id, 1)).document)).toBe(serialiseFlow(greeting()))
    expect(await fresh.sql`select 1 from program`).toHaveLength(3)
  })

  it('appends after what runs there, and keeps the place of what ran already', async () => {
    const ids: string[] = []
    for (const name of ['one', 'two', 'three']) ids.push((await createFlow(ctx, { document: greeting('x', name) })).id)
    const [one = '', two = '', three = ''] = ids
    for (const flowId of ids) await publish(ctx, { flowId, accounts: [A] })
    await saveDraft(ctx, { flowId: one, revision: 1, document: greeting('changed', 'one') })
    await publish(ctx, { flowId: one })
    expect((await programOf(A))?.deployments).toEqual([
      { flow: one, version: 2 },
      { flow: two, version: 1 },
      { flow: three, version: 1 },
    ])
    await unpublish(ctx, { flowId: two, accountId: A })
    expect((await programOf(A))?.deployments.map(({ flow }: { flow: string }) => flow)).toEqual([one, three])
    await publish(ctx, { flowId: two, accounts: [A] })
    expect((await programOf(A))?.deployments.map(({ flow }: { flow: string }) => flow)).toEqual([one, three, two])
    await expect(unpublish(ctx, { flowId: two, accountId: B })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('two publishes to the same accounts in other orders both land', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map((name) => createFlow(ctx, { document: greeting('x', name) })))
    await Promise.all([
      publish(ctx, { flowId: one?.id ?? '', accounts: [A, B] }),
      publish(ctx, { flowId: two?.id ?? '', accounts: [B, A] }),
    ])
    for (const accountId of [A, B]) {
      expect((await programOf(accountId))?.deployments.map(({ flow }: { flow: string }) => flow).sort()).toEqual(
        [one?.id, two?.id].sort(),
      )
      expect(await fresh.sql`select position from deployment where account_id = ${accountId} order by 1`).toMatchObject([
        { position: 1 },
        { position: 2 },
      ])
    }
  })

  it('writes nothing when the flow has errors, the draft moved on, or an account is not ours', async () => {
    const { id } = await createFlow(ctx, { document: broken() })
    await expect(publish(ctx, { flowId: id, accounts: [A] })).rejects.toMatchObject({
      code: 'refused',
      details: { findings: expect.arrayContaining([expect.objectContaining({ severity: 'error' })]) },
    })
    await saveDraft(ctx, { flowId: id, revision: 1, document: greeting() })
    await expect(publish(ctx, { flowId: id, accounts: [A], revision: 1 })).rejects.toMatchObject({
      code: 'conflict',
      details: { current: { revision: 2 } },
    })
    const theirs = await makeAccount(other, '17841400000000039')
    await expect(publish(ctx, { flowId: id, accounts: [A, theirs] })).rejects.toMatchObject({ code: 'not-found' })
    await expect(publish(ctx, { flowId: id })).rejects.toMatchObject({ code: 'invalid' })
    await expect(publish(other, { flowId: id, accounts: [theirs] })).rejects.toMatchObject({ code: 'not-found' })
    await expect(publish({ ...ctx, role: 'agent' }, { flowId: id, accounts: [A] })).rejects.toMatchObject({ code: 'forbidden' })
    const left =
      await fresh.sql`select (select count(*)::int from flow_version) v, (select count(*)::int from deployment) d, (select count(*)::int from program) p`
    expect(left[0]).toEqual({ v: 0, d: 0, p: 0 })
  })

  it('counts people mid-flow, and tells those of older versions on its accounts, once each', async () => {
    const { id } = await createFlow(ctx, { document: greeting() })
    await publish(ctx, { flowId: id, accounts: [A, B] })
    const run = { flow: id, version: 1, node: 'say' }
    const people = 450
    for (let n = 0; n < people; n++)
      await makeConversation(ctx, { accountId: A, igsid: `61000${n}`, run: n % 10 === 0 ? { ...run, node: 'gone' } : run })
    await makeConversation(ctx, { accountId: B, igsid: '62000', run })
    await makeConversation(ctx, { accountId: A, igsid: '63000', run: { ...run, flow: 'another' } })
    await makeConversation(ctx, { accountId: A, igsid: '64000' })
    expect(await listVersions(ctx, id)).toMatchObject([{ version: 1, people: people + 1, movable: people + 1 - people / 10 }])

    await saveDraft(ctx, { flowId: id, revision: 1, document: greeting('New words') })
    expect(await publish(ctx, { flowId: id, accounts: [A], policy: 'finish' })).toMatchObject({ version: 2, told: 0 })
    expect(await publish(ctx, { flowId: id, accounts: [A], policy: 'move' })).toMatchObject({
      version: 2,
      isNewVersion: false,
      told: people,
    })
    const told = await fresh.sql`select account_id, igsid, payload from inbound_event order by id`
    expect(new Set(told.map(({ igsid }) => igsid)).size).toBe(people)
    expect(told.every((row) => row.account_id === A && row.igsid.startsWith('61000'))).toBe(true)
    expect(told[0]?.payload).toEqual({ type: 'publish', flow: id, version: 2, policy: 'move' })
    const igsids = told.map(({ igsid }) => igsid)
    expect(igsids).toEqual([...igsids].sort())
  })
})
