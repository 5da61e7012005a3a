import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, openConnection } from './connection'
import { createWriters, type Delivery, type Writers } from './delivery'
import { beAsked, clockMs } from './part'

/** What to post where. `saturate`: as much as `connections` carry in `ms`. `pace`: so many a second, whatever comes back. */
export interface LoadRequest {
  port: number
  path: string
  writers: Writers
  load: { type: 'saturate'; connections: number; ms: number } | { type: 'pace'; perSecond: number; count: number }
}

export interface Post {
  igsid: string
  text: string
  /** When it was written to the wire, on the clock that all processes share. */
  at: number
}

export interface LoadReport {
  /** Answers of 200. Any other answer fails the request as a whole. */
  acks: number
  /** From the first post to the last answer. */
  ms: number
  /** From post to answer, one for each. */
  ackMs: number[]
  /** With `pace`, in the order of posting. */
  posts: Post[]
}

/** Made before a round begins and kept for the next where it was too many: signing is no part of what is measured. */
const stocks = new Map<string, { make: () => Delivery; ready: Delivery[]; used: number }>()
const FIRST_STOCK = 3_000

function stockOf(request: LoadRequest) {
  const key = JSON.stringify([request.writers, request.port])
  const stock = stocks.get(key) ?? { make: createWriters(request.writers), ready: [], used: 0 }
  stocks.set(key, stock)
  return stock
}

async function post(connection: Connection, path: string, delivery: Delivery, ackMs: number[]): Promise<void> {
  const at = clockMs()
  const status = await connection.send(`POST ${path} HTTP/1.1\r\n${delivery.rest}`)
  ackMs.push(clockMs() - at)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
}

async function saturate(request: LoadRequest, { connections, ms }: { connections: number; ms: number }): Promise<LoadReport> {
  const stock = stockOf(request)
  const wanted = Math.max(FIRST_STOCK, Math.ceil(stock.used * 1.3))
  while (stock.ready.length < wanted) stock.ready.push(stock.make())
  // In the order they were made: each person's messages one after the other, a thousand messages apart.
  stock.ready.reverse()
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(request.port)))
  const ackMs: number[] = []
  const started = clockMs()
  const carry = async (connection: Connection) => {
    while (clockMs() - started < ms) await post(connection, request.path, stock.ready.pop() ?? stock.make(), ackMs)
  }
  try {
    await Promise.all(open.map(carry))
  } finally {
    for (const connection of open) connection.close()
  }
  const took = clockMs() - started
  stock.ready.reverse()
  stock.used = ackMs.length
  return { acks: ackMs.length, ms: took, ackMs, posts: [] }
}

async function pace(request: LoadRequest, { perSecond, count }: { perSecond: number; count: number }): Promise<LoadReport> {
  const { make } = stockOf(request)
  const deliveries = Array.from({ length: count }, make)
  const idle: Connection[] = []
  const all: Connection[] = []
  const ackMs: number[] = []
  const posts: Post[] = []
  // A person's next message leaves when the last one was taken: Meta may deliver in any order, but then order proves nothing.
  const lastOf = new Map<string, Promise<void>>()
  const failures: unknown[] = []

  async function deliver(delivery: Delivery): Promise<void> {
    await lastOf.get(delivery.igsid)
    let connection = idle.pop()
    if (!connection) {
      connection = await openConnection(request.port)
      all.push(connection)
    }
    posts.push({ igsid: delivery.igsid, text: delivery.text, at: clockMs() })
    await post(connection, request.path, delivery, ackMs)
    idle.push(connection)
  }

  const started = clockMs()
  const underWay: Promise<void>[] = []
  try {
    for (const [ix, delivery] of deliveries.entries()) {
      const early = started + (ix * 1000) / perSecond - clockMs()
      if (early > 0) await sleep(early)
      const task = deliver(delivery).catch((error: unknown) => void failures.push(error))
      lastOf.set(delivery.igsid, task)
      underWay.push(task)
    }
    const late = clockMs() - started - (count * 1000) / perSecond
    await Promise.all(underWay)
    if (failures.length > 0) throw failures[0]
    if (late > 1000) throw new Error(`the load generator fell ${Math.round(late)} ms behind its pace`)
  } finally {
    for (const connection of all) connection.close()
  }
  return { acks: ackMs.length, ms: clockMs() - started, ackMs, posts }
}

// Nobody connects to it: its port is only there because every part has one.
beAsked(0, (request: LoadRequest) =>
  request.load.type === 'saturate' ? saturate(request, request.load) : pace(request, request.load),
)
