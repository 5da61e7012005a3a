import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, processOf } from '@/e2e/processes'
import { openDatabase } from '@/lib/db/client'
import { startDatabaseServer } from './database'
import { type Bench, pairedFigure } from './figure'
import { answeringFlow } from './flows'
import type { Arrival, GraphRequest } from './graph-process'
import { furnish, type House } from './house'
import type { LoadReport, LoadRequest } from './load-process'
import { matchReplies } from './match-replies'
import { type Part, startPart } from './part'
import { percentile } from './statistics'
import { replyTo, WORDS } from './words'

const PER_SECOND = 50
const PEOPLE = 100
/** At the start of a round, checked but not counted: who was asleep wakes up, which is a figure of its own. */
const LEAD_IN = 1 * PER_SECOND
/** From the last post; replies that take longer count as lost. */
const PATIENCE_MS = 20_000

const effort = (isQuick: boolean) =>
  isQuick ? { rounds: 2, seconds: 8, warmSeconds: 2 } : { rounds: 5, seconds: 20, warmSeconds: 5 }

/** One way from a webhook to the Graph. */
interface Pipeline {
  port: number
  path: string
  /** Resolves when nothing is under way any more: after that, nothing more arrives. */
  settled: () => Promise<void>
}

interface Round {
  /** Of the very first message: before it, nothing had happened for seconds. */
  firstReplyMs: number
  replyMs: number[]
  ackMs: number[]
}

/** What a person waits: from Meta's post to the arrival of the reply at the Graph, through web, Postgres and worker. */
export async function endToEnd(bench: Bench): Promise<void> {
  await bench.buildParley(bench.say)
  const server = await startDatabaseServer(bench)
  const graph = await startPart(bench, 'graph')
  const graphUrl = `http://127.0.0.1:${graph.port}`
  const house = await furnish(bench, server, { graphUrl, flow: answeringFlow(WORDS, replyTo) })
  bench.say('starting web, worker and the bare pipeline')
  const ours = await startOurs(bench, house)
  const bare = await startBare(bench, await server.create('bare'), house.appSecret, graphUrl)
  const load = await startPart(bench, 'load')
  const { rounds, seconds, warmSeconds } = effort(bench.isQuick)

  let firstPerson = 0
  const round = (pipeline: Pipeline, length: number) => {
    const writers = { account: house.account, appSecret: house.appSecret, people: PEOPLE, firstPerson, texts: WORDS }
    firstPerson += PEOPLE
    return measure(load, graph, pipeline, {
      port: pipeline.port,
      path: pipeline.path,
      writers,
      load: { type: 'pace', perSecond: PER_SECOND, count: length * PER_SECOND },
    })
  }
  for (const pipeline of [ours, bare]) await round(pipeline, warmSeconds)

  const [our, theirs]: [Round[], Round[]] = [[], []]
  for (let nth = 1; nth <= rounds; nth++) {
    our.push(await round(ours, seconds))
    theirs.push(await round(bare, seconds))
    const last = our.at(-1) as Round
    bench.say(
      `round ${nth} of ${rounds}: all replies came, each once and in order; p50 ${percentile(last.replyMs, 0.5).toFixed(1)} ms, p99 ${percentile(last.replyMs, 0.99).toFixed(1)} ms`,
    )
  }
  const print = (name: string, read: (one: Round) => number) =>
    bench.print(pairedFigure(`end-to-end.${name}.against-bare-pipeline`, 'ms', our.map(read), theirs.map(read)))
  print(`reply-p50-at-${PER_SECOND}`, ({ replyMs }) => percentile(replyMs, 0.5))
  print(`reply-p99-at-${PER_SECOND}`, ({ replyMs }) => percentile(replyMs, 0.99))
  print('first-reply-after-quiet', ({ firstReplyMs }) => firstReplyMs)
  print(`ack-p50-at-${PER_SECOND}`, ({ ackMs }) => percentile(ackMs, 0.5))
  print(`ack-p99-at-${PER_SECOND}`, ({ ackMs }) => percentile(ackMs, 0.99))
}

async function startOurs(bench: Bench, { env, database: { sql } }: House): Promise<Pipeline> {
  const port = await freePort()
  const web = processOf('web', { ...env, PORT: String(port) })
  const worker = processOf('worker', env)
  for (const process of [web, worker]) bench.atEnd(process.kill)
  await Promise.all([web.start(), worker.start()])
  const settled = async () => {
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      const [row] = await sql<{ busy: string; unsent: string }[]>`
        select (select count(*) from lane where run_at is not null)
             + (select count(*) from send_lane where send_at is not null)
             + (select count(*) from job where run_at is not null and attempts = 0) as busy,
               (select count(*) from outbox where status <> 'sent') as unsent, pg_sleep(0.02)`
      if (Number(row?.busy) === 0) {
        if (Number(row?.unsent) > 0) throw new Error(`${row?.unsent} messages are settled otherwise than as sent`)
        return
      }
      if (Date.now() > until) throw new Error(`still busy ${PATIENCE_MS} ms after the last reply: ${row?.busy} rows`)
    }
  }
  return { port, path: '/api/webhooks/instagram', settled }
}

/** The least that could do the same: one process, one insert, then the call. It forgets a reply when it dies, and keeps no order. */
async function startBare(bench: Bench, url: string, appSecret: string, graphUrl: string): Promise<Pipeline> {
  const { sql, close } = openDatabase(url, { max: 1, name: 'parley bench' })
  await sql`create table hook (id bigint generated always as identity primary key, body text not null)`
  await close()
  const { port } = await startPart(bench, 'bare', { DATABASE_URL: url, APP_SECRET: appSecret, GRAPH_URL: graphUrl })
  return { port, path: '/', settled: async () => {} }
}

async function measure(load: Part, graph: Part, pipeline: Pipeline, request: LoadRequest): Promise<Round> {
  const report = await load.ask<LoadReport>(request)
  const until = Date.now() + PATIENCE_MS
  while (Date.now() < until && (await graph.ask<number>('count' satisfies GraphRequest)) < report.posts.length) await sleep(20)
  const isAll = (await graph.ask<number>('count' satisfies GraphRequest)) >= report.posts.length
  if (isAll) await pipeline.settled()
  const arrivals = await graph.ask<Arrival[]>('take' satisfies GraphRequest)
  const replyMs = matchReplies(report.posts, arrivals)
  return { firstReplyMs: replyMs[0] as number, replyMs: replyMs.slice(LEAD_IN), ackMs: report.ackMs.slice(LEAD_IN) }
}
