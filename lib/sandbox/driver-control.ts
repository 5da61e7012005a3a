import { z } from 'zod'
import { AppError } from '@/lib/errors'
import { bodyOf } from './deliveries'
import type { Delivery, GraphCall } from './model'
import { readNumber, route } from './route'

const YEAR_MS = 366 * 86_400_000
const MAX_ROWS = 5000

const deliveryView = (delivery: Delivery) => ({ ...delivery, body: bodyOf(delivery) })
const listQuery = { igId: 'of this account', after: 'with a larger id', limit: 'at most so many (200; up to 5000)' }

export const controlRoutes = [
  route({
    method: 'GET',
    path: '/deliveries',
    does: 'Webhook deliveries, oldest first: exact bytes (ASCII) and every try.',
    query: { ...listQuery, state: 'pending, delivered, dropped or given-up' },
    async answer({ context, query }) {
      const [igId, state] = [query.get('igId'), query.get('state')]
      await context.store.settled()
      const rows = await context.store.sql`
        select body from delivery
        where id > ${readNumber(query, 'after', 0)}
          and (${igId}::text is null or body ->> 'igId' = ${igId}) and (${state}::text is null or body ->> 'state' = ${state})
        order by id limit ${readNumber(query, 'limit', 200, MAX_ROWS)}`
      return { deliveries: rows.map((row) => deliveryView(row.body as Delivery)) }
    },
  }),
  route({
    method: 'POST',
    path: '/deliveries/retry',
    does: 'Tries everything that waits at once.',
    body: z.strictObject({ igId: z.string().optional() }),
    answer({ context, body }) {
      context.deliveries.kick(body.igId)
      return { pending: context.deliveries.pending(body.igId) }
    },
  }),
  route({
    method: 'GET',
    path: '/idle',
    does: 'Waits until no delivery is pending, or the time is over.',
    query: { igId: 'of this account', wait: 'so many milliseconds (10000; at most 60000)' },
    async answer({ context, query }) {
      const igId = query.get('igId') ?? undefined
      const until = Date.now() + readNumber(query, 'wait', 10_000, 60_000)
      while (context.deliveries.pending(igId) > 0 && Date.now() < until) await context.pause(10)
      return { pending: context.deliveries.pending(igId) }
    },
  }),
  route({
    method: 'GET',
    path: '/calls',
    does: 'Calls of Graph, oldest first: exact bodies, answers, which fault struck, which message was made.',
    query: { ...listQuery, text: 'whose body contains this' },
    async answer({ context, query }) {
      const [igId, text] = [query.get('igId'), query.get('text')]
      await context.store.settled()
      const rows = await context.store.sql`
        select body from call
        where id > ${readNumber(query, 'after', 0)} and (${igId}::text is null or body ->> 'igId' = ${igId})
          and (${text}::text is null or position(${text} in body ->> 'body') > 0)
        order by id limit ${readNumber(query, 'limit', 200, MAX_ROWS)}`
      return { calls: rows.map((row) => row.body as GraphCall) }
    },
  }),
  route({
    method: 'GET',
    path: '/clock',
    does: 'The time everybody here lives in.',
    answer: ({ context }) => ({ now: context.clock.now(), offsetMs: context.clock.offsetMs() }),
  }),
  route({
    method: 'POST',
    path: '/clock',
    does: 'Moves the time forward, for the product too (app_now() in its database).',
    body: z.strictObject({ advanceMs: z.int().min(0).max(YEAR_MS) }),
    async answer({ context, body }) {
      if (context.clock.offsetMs() + body.advanceMs > 100 * YEAR_MS)
        throw new AppError('invalid', 'That is over a hundred years away; reset the clock.')
      await context.clock.advance(body.advanceMs)
      return { now: context.clock.now(), offsetMs: context.clock.offsetMs() }
    },
  }),
  route({
    method: 'POST',
    path: '/clock/reset',
    does: 'Back to the real time. For a fresh start only: the product does not expect time to go backwards.',
    body: z.strictObject({}),
    async answer({ context }) {
      context.deliveries.shift(await context.clock.reset())
      return { now: context.clock.now(), offsetMs: context.clock.offsetMs() }
    },
  }),
  route({
    method: 'POST',
    path: '/reset',
    does: 'Forgets accounts, people, threads, faults and logs, and sets the clock back.',
    body: z.strictObject({}),
    async answer({ context }) {
      context.deliveries.forget()
      context.world.forget()
      context.rates.clear()
      await context.store.clear()
      await context.clock.reset()
      return { now: context.clock.now() }
    },
  }),
]
