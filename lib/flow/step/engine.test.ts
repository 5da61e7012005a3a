import { describe, expect, it } from 'vitest'
import { flow, keyword, Lane, message, programOf, shop, shopLane, wait } from '../testing'

describe('failed sends', () => {
  const document = flow(
    [keyword('k', 'hi'), message('m', 'one'), wait('w', 5), message('e', 'sorry')],
    ['k > m', 'm > w', 'm:error > e'],
  )
  it('leave by the error port of their node', () => {
    const lane = new Lane(programOf({ a: document })).writes('hi').sendFails('m')
    expect(lane).toMatchObject({ said: ['sorry'], state: { run: null, timers: {} } })
    expect(lane.records).toEqual(['run-ended'])
  })

  it('do so even when the run had come to its end', () => {
    const short = flow([keyword('k', 'hi'), message('m', 'one'), message('e', 'sorry')], ['k > m', 'm:error > e'])
    const lane = new Lane(programOf({ a: short })).writes('hi')
    expect(lane.state.run).toBeNull()
    expect(lane.sendFails('m').said).toEqual(['sorry'])
    expect(lane.sendFails('m', 'run-1').said).toEqual(['sorry'])
  })

  it('end the run where there is none, and are shown', () => {
    const lane = shopLane().writes('hello').sendFails('ask')
    expect(lane.effects).toContainEqual(expect.objectContaining({ code: 'run-failed', severity: 'problem', detail: 'refused' }))
    expect(lane.state.run).toBeNull()
    expect(lane.sendFails('ask', 'run-0').records).toEqual(['run-failed'])
    expect(lane.sendFails('', null).records).toEqual(['send-failed'])
  })

  it('do not let the bot speak while a person holds the conversation', () => {
    const lane = new Lane(programOf({ a: document })).writes('hi').takeOver().sendFails('m')
    expect(lane).toMatchObject({ said: [], records: ['run-failed'], state: { run: null } })
  })
})

describe('publishing', () => {
  const old = shop
  const renamed = flow([...shop.nodes.filter(({ id }) => id !== 'prices'), message('prices', 'Eleven euros.')], [], {
    edges: shop.edges,
  })
  const program = programOf({ shop: old, 'shop@2': renamed }, {}, ['shop'])
  const waiting = () => {
    const lane = shopLane().writes('hello')
    lane.program = program
    return lane
  }
  it('lets runs finish on their version', () => {
    expect(waiting().publishes('shop', 2, 'finish').writes('price').said).toEqual(['Ten euros.'])
  })
  it('moves those whose node still exists', () => {
    const lane = waiting().publishes('shop', 2, 'move')
    expect(lane.records).toEqual(['run-moved'])
    expect(lane.writes('price').said).toEqual(['Eleven euros.'])
    const gone = shopLane().writes('hello')
    gone.program = programOf({ shop: old, 'shop@2': flow([keyword('start', 'hello')]) }, {}, ['shop'])
    expect(gone.publishes('shop', 2, 'move')).toMatchObject({ effects: [], state: { run: { version: 1 } } })
  })
  it('restarts where the run began', () => {
    const lane = waiting().publishes('shop', 2, 'restart')
    expect(lane).toMatchObject({
      said: ['What is it?'],
      records: ['run-superseded', 'run-started'],
      state: { run: { version: 2 } },
    })
    expect(waiting().takeOver().publishes('shop', 2, 'restart')).toMatchObject({ effects: [], at: 'ask' })
  })
  it('is nothing to other flows', () => {
    expect(waiting().publishes('other', 2, 'restart').effects).toEqual([])
  })
})
