import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import type { Db } from '@/lib/db/client'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { account } from '@/lib/db/schema/account'
import { conversation, message } from '@/lib/db/schema/conversation'
import { member, type Role, user, workspace } from '@/lib/db/schema/workspace'
import type { Hold, LaneState, RunState } from '@/lib/flow/state'

/** What verbs read from the environment, for the tests of one file. */
export function setTestEnvironment(databaseUrl: string): void {
  process.env.DATABASE_URL = databaseUrl
  process.env.APP_URL = 'https://parley.example'
  process.env.ENCRYPTION_KEYS = randomBytes(32).toString('base64')
}

/** A workspace with one person in it; `ctx` acts for them. */
export async function makeWorkspace(db: Db, name: string, role: Role = 'owner'): Promise<Ctx> {
  const workspaceId = randomUUID()
  const id = randomUUID()
  await inWorkspace({ db, workspaceId }, async (tx) => {
    await tx.insert(workspace).values({ id: workspaceId, name })
    await tx.insert(user).values({ id, email: `${id}@example.com`, name: `${name} person`, passwordHash: 'none' })
    await tx.insert(member).values({ workspaceId, userId: id, role })
  })
  return { db, workspaceId, actor: { type: 'user', id, name: `${name} person` }, role }
}

/** An account nobody can send through: it has no connection. */
export async function makeAccount(ctx: Ctx, id: string): Promise<string> {
  await inWorkspace(ctx, (tx) => tx.insert(account).values({ id, workspaceId: ctx.workspaceId, username: `user${id.slice(-3)}` }))
  return id
}

/** Of a person who has done nothing out of the ordinary. */
const laneState = (hold: Hold, run: RunState | null): LaneState => ({
  schemaVersion: 1,
  hold,
  optedOut: false,
  run,
  contact: { name: 'Mia', username: 'mia', attributes: {}, tags: [] },
  marks: [],
  timers: {},
  generation: 0,
  kept: [],
  hops: 0,
  lastPersonAt: null,
  lastWordAt: null,
  disclosureDue: false,
  unanswered: false,
})

interface Wanted {
  accountId: string
  igsid: string
  /** How long ago the person last wrote; null: never. */
  wroteMsAgo?: number | null
  hold?: Hold
  run?: { flow: string; version: number; node: string }
}

/** A conversation as the engine would have left it. Returns its public id. */
export async function makeConversation(ctx: Ctx, { accountId, igsid, wroteMsAgo = 1000, hold, run }: Wanted): Promise<string> {
  const id = randomUUID()
  const ago = wroteMsAgo === null ? null : sql<Date>`app_now() - ${wroteMsAgo}::float8 * interval '1 millisecond'`
  const live: RunState | null = run
    ? {
        id: randomUUID(),
        flow: run.flow,
        version: run.version,
        trigger: null,
        frames: [run],
        vars: {},
        waiting: { for: 'answer', choices: [], timers: [] },
      }
    : null
  const state = laneState(hold ?? { by: 'bot' }, live)
  await inWorkspace(ctx, (tx) =>
    tx.insert(conversation).values({
      accountId,
      igsid,
      id,
      workspaceId: ctx.workspaceId,
      hold: state.hold.by,
      runFlow: run?.flow ?? null,
      runVersion: run?.version ?? null,
      lastPersonAt: ago,
      lastMessageAt: ago,
      state,
      createdAt: sql`app_now()`,
    }),
  )
  return id
}

/** A line of the thread that the person said. Returns its public id. */
export async function makeHeard(ctx: Ctx, lane: { accountId: string; igsid: string }, text: string): Promise<string> {
  const id = randomUUID()
  await inWorkspace(ctx, (tx) =>
    tx.insert(message).values({
      ...lane,
      id,
      workspaceId: ctx.workspaceId,
      author: { type: 'person' },
      content: { type: 'heard', text, attachments: [], isTap: false, replyTo: null },
      status: 'received',
      at: sql`app_now()`,
    }),
  )
  return id
}

export interface GraphDouble {
  url: string
  /** What was asked: path and query, and the token it came with. */
  asked: { url: string; token: string }[]
  /** The next answers: status and the very text of the body. */
  answer: { status: number; body: string }
  close: () => Promise<void>
}

/** A Graph that gives one answer to everything. */
export async function startGraphDouble(): Promise<GraphDouble> {
  const server = createServer((request, response) => {
    double.asked.push({ url: request.url ?? '', token: (request.headers.authorization ?? '').replace('Bearer ', '') })
    response.writeHead(double.answer.status, { 'content-type': 'application/json' }).end(double.answer.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const double: GraphDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: { status: 500, body: '' },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
  return double
}
