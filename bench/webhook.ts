import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { freePort, processOf } from '@/e2e/processes'
import { openDatabase } from '@/lib/db/client'
import { type DatabaseServer, startDatabaseServer } from './database'
import { type Bench, pairedFigure } from './figure'
import { furnish, type House } from './house'
import type { LoadReport, LoadRequest } from './load-process'
import { type Part, startPart } from './part'
import { percentile } from './statistics'

/** One receiver of webhooks, running. */
interface Target {
  name: string
  port: number
  path: string
  /** Deliveries that its database holds. */
  stored: () => Promise<number>
}

const PATH = '/api/webhooks/instagram'
const PEOPLE = 1_000
const CONNECTIONS = 32
/** A pace that any of the targets carries easily. */
const EASY_PACE = 50
const TEXTS = [
  'Hallo! Was kostet der Größe-M-Pullover? 😀',
  'Is it still available?',
  'https://www.instagram.com/p/Cxyz123/ this one',
  'ok',
]

const effort = (isQuick: boolean) =>
  isQuick
    ? { warmMs: 1_000, rounds: 3, roundMs: 1_200, pacedRounds: 2, paced: 100 }
    : { warmMs: 3_000, rounds: 9, roundMs: 2_500, pacedRounds: 5, paced: 300 }

/** What a webhook costs at the door: ours and Next's own, against the least that any receiver does, bare and under Next. */
export async function webhook(bench: Bench): Promise<void> {
  await bench.buildParley(bench.say)
  const app = await buildBareNext(bench)
  const server = await startDatabaseServer(bench)
  const house = await furnish(bench, server, { graphUrl: 'http://127.0.0.1:9' })
  bench.say('starting four servers')
  const [frontDoor, nextRoute] = await ourDoors(bench, house)
  const [bareHttp, bareNext] = await bareDoors(bench, await bareDatabase(bench, server), house.appSecret, app)
  // Each beside the one it is most like.
  const targets = [frontDoor, bareHttp, nextRoute, bareNext]
  const load = await startPart(bench, 'load')
  const { warmMs, rounds, roundMs, pacedRounds, paced } = effort(bench.isQuick)
  const writers = { account: house.account, appSecret: house.appSecret, people: PEOPLE, firstPerson: 0, texts: TEXTS }
  const run = (target: Target, how: LoadRequest['load']) =>
    checkedRound(load, target, { port: target.port, path: target.path, writers, load: how })

  for (const target of targets) await run(target, { type: 'saturate', connections: CONNECTIONS, ms: warmMs })

  const saturated = new Map<string, LoadReport[]>(targets.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const target of targets)
      saturated.get(target.name)?.push(await run(target, { type: 'saturate', connections: CONNECTIONS, ms: roundMs }))
    const rates = targets.map(({ name }) => `${name} ${Math.round(acksPerSecond(saturated.get(name)?.at(-1) as LoadReport))}`)
    bench.say(`saturated, round ${round} of ${rounds}, acks/s: ${rates.join(', ')}`)
  }
  const easy = new Map<string, LoadReport[]>(targets.map(({ name }) => [name, []]))
  for (let round = 1; round <= pacedRounds; round++) {
    for (const target of targets)
      easy.get(target.name)?.push(await run(target, { type: 'pace', perSecond: EASY_PACE, count: paced }))
    bench.say(`${EASY_PACE} a second, round ${round} of ${pacedRounds}`)
  }
  printFigures(bench, saturated, easy)
}

const acksPerSecond = ({ acks, ms }: LoadReport): number => (acks * 1000) / ms
const ackAt =
  (share: number) =>
  ({ ackMs }: LoadReport) =>
    percentile(ackMs, share)

function printFigures(bench: Bench, saturated: Map<string, LoadReport[]>, easy: Map<string, LoadReport[]>): void {
  for (const ours of ['front-door', 'next-route']) {
    for (const base of ['bare-http', 'bare-next']) {
      const print = (what: string, unit: string, reports: Map<string, LoadReport[]>, read: (report: LoadReport) => number) =>
        bench.print(
          pairedFigure(
            `webhook.${ours}.${what}.against-${base}`,
            unit,
            (reports.get(ours) ?? []).map(read),
            (reports.get(base) ?? []).map(read),
          ),
        )
      print('acks-at-saturation', 'acks/s', saturated, acksPerSecond)
      print('p50-at-saturation', 'ms', saturated, ackAt(0.5))
      print('p99-at-saturation', 'ms', saturated, ackAt(0.99))
      print(`p50-at-${EASY_PACE}`, 'ms', easy, ackAt(0.5))
      print(`p99-at-${EASY_PACE}`, 'ms', easy, ackAt(0.99))
    }
  }
}

/** One round, and proof that what was acknowledged is stored: no more, no less. */
async function checkedRound(load: Part, target: Target, request: LoadRequest): Promise<LoadReport> {
  const before = await target.stored()
  const report = await load.ask<LoadReport>(request)
  const stored = (await target.stored()) - before
  if (stored !== report.acks) throw new Error(`${target.name} acknowledged ${report.acks} deliveries and stored ${stored}`)
  return report
}

/** The production build's web process, and beside it Next's handler alone, whose route calls the very same function. */
async function ourDoors(bench: Bench, house: House): Promise<[Target, Target]> {
  const { sql } = house.database
  const stored = async () => Number((await sql<{ count: string }[]>`select count(*) from inbound_event`)[0]?.count)
  const port = await freePort()
  const web = processOf('web', { ...house.env, PORT: String(port) })
  bench.atEnd(web.kill)
  await web.start()
  const route = await startPart(bench, 'next', { ...house.env, DIR: bench.root })
  return [
    { name: 'front-door', port, path: PATH, stored },
    { name: 'next-route', port: route.port, path: PATH, stored },
  ]
}

async function bareDatabase(bench: Bench, server: DatabaseServer): Promise<{ url: string; stored: () => Promise<number> }> {
  const url = await server.create('bare')
  const { sql, close } = openDatabase(url, { max: 1, name: 'parley bench' })
  bench.atEnd(close)
  await sql`create table hook (id bigint generated always as identity primary key, body text not null)`
  return { url, stored: async () => Number((await sql<{ count: string }[]>`select count(*) from hook`)[0]?.count) }
}

async function bareDoors(
  bench: Bench,
  { url, stored }: { url: string; stored: () => Promise<number> },
  appSecret: string,
  app: string,
): Promise<[Target, Target]> {
  const env = { DATABASE_URL: url, APP_SECRET: appSecret }
  const http = await startPart(bench, 'bare', env)
  const route = await startPart(bench, 'next', { ...env, DIR: app })
  return [
    { name: 'bare-http', port: http.port, path: '/', stored },
    { name: 'bare-next', port: route.port, path: '/hook', stored },
  ]
}

const BARE_NEXT_FILES = {
  'package.json': '{ "private": true, "type": "module" }\n',
  'next.config.js':
    "export default { serverExternalPackages: ['postgres'], turbopack: { root: import.meta.dirname + '/../..' } }\n",
}

/** A Next application with one route and nothing else, built as ours is. Made again only when it would be another one. */
async function buildBareNext(bench: Bench): Promise<string> {
  const folder = join(bench.root, '.build', 'bare-next')
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(BARE_NEXT_FILES)) writeFileSync(join(folder, name), text)
  await bench.bundleRoute(folder)

  const require = createRequire(pathToFileURL(join(bench.root, 'package.json')))
  const hash = createHash('sha256').update(readFileSync(require.resolve('next/package.json')))
  for (const name of [...Object.keys(BARE_NEXT_FILES), join('app', 'hook', 'route.js')])
    hash.update(readFileSync(join(folder, name)))
  const wanted = hash.digest('hex')
  const stamp = join(folder, 'stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder

  bench.say('building the bare Next application (only the first time)')
  rmSync(stamp, { force: true })
  await promisify(execFile)(process.execPath, [require.resolve('next/dist/bin/next'), 'build', folder], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  })
  writeFileSync(stamp, wanted)
  return folder
}
