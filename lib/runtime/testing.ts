import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { forgetConnections } from '@/lib/accounts/resolve-connection'
import { seal } from '@/lib/accounts/seal'
import { connection } from '@/lib/db/schema/account'
import { type FreshDatabase, freshDatabase } from '@/lib/db/testing'
import { Settings } from '@/lib/flow/settings'
import { ingest } from './ingest'
import { engineTiming } from './timing'
import { startWorker, type Worker } from './worker'

/*
 * The engine on a real database, and a Graph that is a real HTTP server with as little of its own mind as possible: it takes
 * what it is sent, or fails as it is told. The sandbox, which enforces Instagram's rules, plays its part in e2e.
 */

export const ACCOUNT = '17841400000000011'
export const TIME_SCALE = 0.01

interface Accepted {
  igsid: string
  mid: string
  text: string
  at: number
  chips: string[]
}

/**
 * What the Graph does with the next send: `accept` is the rule. `slow` accepts it only after a while, longer than a lease is
 * away by the clock of somebody who travels in time.
 */
export type Fault =
  | 'accept'
  | 'slow'
  | 'cut-before'
  | 'cut-after'
  | 'hang-after'
  | { status: number; code: number; subcode?: number }

const SLOW_MS = 100
/** Meta lists this many messages a page, and the details of this many. */
const PAGE = 25
const DETAILED = 20

export interface FakeGraph {
  url: string
  accepted: Accepted[]
  /** What people wrote, for the listing only. */
  written: { igsid: string; mid: string; text: string; at: number }[]
  /** Sends tried, faults included. */
  tries: number
  /** Used up one by one. */
  faults: Fault[]
  /** It refuses or loses the same words to the same person only once: after three times they count as failed. */
  isMerciful: boolean
  canLookUp: boolean
  /** Called the moment a message is accepted, before the answer leaves. */
  onAccept: (message: Accepted) => Promise<void> | void
  close: () => Promise<void>
}

/** `me` is what `/me` answers. */
export async function startFakeGraph(me: object = { user_id: ACCOUNT, username: 'bakery' }): Promise<FakeGraph> {
  const hanging = new Set<ServerResponse>()
  const refused = new Set<string>()
  const graph: FakeGraph = {
    url: '',
    accepted: [],
    written: [],
    tries: 0,
    faults: [],
    isMerciful: false,
    canLookUp: true,
    onAccept: () => {},
    close: async () => {},
  }

  const json = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  async function accept(body: { recipient: { id: string }; message: { text?: string; quick_replies?: { payload?: string }[] } }) {
    const message = {
      igsid: body.recipient.id,
      mid: `mid.${graph.accepted.length + 1}`,
      text: body.message.text ?? '[media]',
      at: Date.now(),
      chips: (body.message.quick_replies ?? []).map((chip) => chip.payload ?? ''),
    }
    graph.accepted.push(message)
    await graph.onAccept(message)
    return message
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', 'http://graph')
    const bytes = Buffer.concat(await request.toArray())
    if (request.method === 'POST') {
      graph.tries += 1
      const { recipient, message: words } = JSON.parse(bytes.toString())
      const wanted = graph.faults.shift() ?? 'accept'
      const key = `${recipient.id} ${words.text}`
      const fault = graph.isMerciful && refused.has(key) ? 'accept' : wanted
      if (fault === 'cut-before' || typeof fault === 'object') refused.add(key)
      if (fault === 'cut-before') return request.socket.destroy()
      if (fault === 'slow') await sleep(SLOW_MS)
      if (typeof fault === 'object') {
        return json(response, fault.status, { error: { message: 'no', code: fault.code, error_subcode: fault.subcode } })
      }
      const message = await accept(JSON.parse(bytes.toString()))
      if (fault === 'cut-after') return request.socket.destroy()
      if (fault === 'hang-after') return hanging.add(response)
      return json(response, 200, { recipient_id: message.igsid, message_id: message.mid })
    }
    if (url.pathname.endsWith('/me')) return json(response, 200, me)
    if (url.pathname.endsWith('/conversations')) {
      if (!graph.canLookUp) return json(response, 500, { error: { message: 'no', code: 2 } })
      return json(response, 200, { data: [{ id: `thread.${url.searchParams.get('user_id')}` }] })
    }
    const igsid = url.pathname.split('/thread.')[1]
    if (igsid === undefined) return json(response, 400, { error: { message: 'User consent is required', code: 230 } })
    const rows = [
      ...graph.accepted.map((row) => ({ ...row, from: ACCOUNT })),
      ...graph.written.map((row) => ({ ...row, from: row.igsid })),
    ]
      .filter((row) => row.igsid === igsid)
      .sort((x, y) => x.at - y.at)
      .reverse()
    const data = rows.slice(0, PAGE).map(({ mid, text, at, from }, ix) => ({
      id: mid,
      created_time: new Date(at).toISOString(),
      ...(ix < DETAILED ? { message: text, from: { id: from } } : {}),
    }))
    const paging = rows.length > PAGE ? { next: `${graph.url}/next` } : {}
    return json(response, 200, { messages: { data, paging } })
  }

  const server: Server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  graph.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  graph.close = () =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return graph
}

export interface Engine extends FreshDatabase {
  graph: FakeGraph
  workspaceId: string
  /** Everything as at the start, for the next test. */
  reset: () => Promise<void>
  start: (workers?: number) => void
  stop: () => Promise<void>
  /** Publishes flows, in this order, as the account's only ones. Their ids are flow1, flow2, … and their version the given one. */
  publish: (documents: unknown[], version?: number, settings?: Partial<Settings>) => Promise<void>
  /** One delivery to the front door; what it brings is a list of elements as in Meta's `messaging`. */
  deliver: (...messaging: unknown[]) => Promise<void>
  /** Resolves when nothing is left to hear, to send or to look up; fails when that takes over `ms`. */
  idle: (ms?: number) => Promise<void>
}

/** A flow: "go" → each word in a message of its own, so that order can be seen. */
export const say = (...words: string[]) => ({
  schemaVersion: 1,
  name: 'Say',
  nodes: [
    {
      id: 'k',
      kind: 'keyword',
      position: { x: 0, y: 0 },
      data: { phrases: [{ id: 'p', text: 'go' }], match: 'starts-with', always: true, reentry: 'restart' },
    },
    ...words.map((word, ix) => ({
      id: `m${ix}`,
      kind: 'message',
      position: { x: 0, y: 0 },
      data: { bubbles: [{ id: 'b', type: 'text', text: word }] },
    })),
  ],
  edges: words.map((_, ix) => ({ id: `e${ix}`, source: ix === 0 ? 'k' : `m${ix - 1}`, port: 'next', target: `m${ix}` })),
  variables: [],
  notes: [],
  groups: [],
})

let counter = 0

export const text = (igsid: string, words: string, mid = `in.${++counter}`) => ({
  sender: { id: igsid },
  recipient: { id: ACCOUNT },
  timestamp: Date.now(),
  message: { mid, text: words },
})

export const tap = (igsid: string, payload: string, title = 'chip') => {
  const element = text(igsid, title)
  return { ...element, message: { ...element.message, quick_reply: { payload } } }
}

export const echo = (igsid: string, mid: string, words: string) => ({
  sender: { id: ACCOUNT },
  recipient: { id: igsid },
  timestamp: Date.now(),
  message: { mid, text: words, is_echo: true },
})

const encoder = new TextEncoder()

export async function startEngine(): Promise<Engine> {
  process.env.ENCRYPTION_KEYS ??= Buffer.alloc(32, 7).toString('base64')
  const fresh = await freshDatabase()
  process.env.DATABASE_URL ??= fresh.url
  const { sql, db } = fresh
  const graph = await startFakeGraph()
  const [workspace] = await sql<{ id: string }[]>`insert into workspace (name) values ('Bakery') returning id`
  const workspaceId = workspace?.id as string
  await sql`insert into account (id, workspace_id, username) values (${ACCOUNT}, ${workspaceId}, 'bakery')`
  const connectionId = '00000000-0000-4000-8000-000000000001'
  const token = seal('token', { table: 'connection', column: 'token', rowId: connectionId })
  await db.insert(connection).values({
    id: connectionId,
    workspaceId,
    accountId: ACCOUNT,
    route: 'instagram',
    nodeId: ACCOUNT,
    graphUrl: graph.url,
    graphVersion: 'v26.0',
    token,
  })
  forgetConnections()

  let workers: Worker[] = []
  const stop = async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    workers = []
  }
  let programs = 0

  return {
    ...fresh,
    graph,
    workspaceId,
    reset: async () => {
      await sql`truncate lane, seen, inbound_event, outbox, send_lane, timer, job, delivery, dead_letter, account_budget, conversation,
                         message, flow, flow_version, program, deployment restart identity`
      await sql`update account set program_id = null`
      await sql`update app_clock set offset_ms = 0`
      await sql`update connection set status = 'active', token = ${token}`
      forgetConnections()
      const fresh: Partial<FakeGraph> = { accepted: [], written: [], tries: 0, faults: [], isMerciful: false, canLookUp: true }
      Object.assign(graph, { ...fresh, onAccept: () => {} })
    },
    start: (count = 1) => {
      for (let i = 0; i < count; i++)
        workers.push(startWorker({ ...fresh, close: fresh.close }, { concurrency: 16, timing: engineTiming(TIME_SCALE) }))
    },
    stop,
    publish: async (documents, version = 1, settings = {}) => {
      const deployments = documents.map((_, ix) => ({ flow: `flow${ix + 1}`, version }))
      for (const [ix, document] of documents.entries()) {
        const flow = `flow${ix + 1}`
        const json = JSON.stringify(document)
        await sql`insert into flow (id, workspace_id, name, draft) values (${flow}, ${workspaceId}, 'Flow', ${json}::text::jsonb) on conflict do nothing`
        await sql`
          insert into flow_version (flow_id, version, workspace_id, document, published_by)
          values (${flow}, ${version}, ${workspaceId}, ${json}::text::jsonb, 'test')`
      }
      const id = `program${++programs}`
      const rules = JSON.stringify(Settings.parse({ disclosure: null, ...settings }))
      await sql`
        insert into program (account_id, id, workspace_id, settings, deployments)
        values (${ACCOUNT}, ${id}, ${workspaceId}, ${rules}::text::jsonb, ${JSON.stringify(deployments)}::text::jsonb)`
      await sql`update account set program_id = ${id} where id = ${ACCOUNT}`
    },
    deliver: (...messaging) =>
      ingest(
        sql,
        encoder.encode(JSON.stringify({ object: 'instagram', entry: [{ id: ACCOUNT, time: Date.now(), messaging }] })),
        null,
      ),
    idle: async (ms = 20_000) => {
      const until = Date.now() + ms
      for (;;) {
        const [row] = await sql<{ busy: number }[]>`
          select (select count(*) from lane where run_at is not null)
               + (select count(*) from send_lane where send_at is not null)
               + (select count(*) from job where run_at is not null and attempts = 0) as busy, pg_sleep(0.01)`
        if (Number(row?.busy) === 0) return
        if (Date.now() > until) throw new Error(`Still busy after ${ms} ms: ${row?.busy} rows.`)
      }
    },
    close: async () => {
      await stop()
      await graph.close()
      await fresh.close()
    },
  }
}
