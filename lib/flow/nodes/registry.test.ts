import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkFlow } from '../check'
import { Effect } from '../effect'
import type { FlowNode } from '../flow'
import { FlowNode as AnyNode } from '../flow'
import { fallback, flow, HOUR, handOff, keyword, Lane, message, programOf } from '../testing'
import { findKind, nodeKinds } from './registry'

/** What every kind signs, over everything it gives as an example. */
describe.each(nodeKinds.map(({ kind }) => kind))('%s', (name) => {
  const kind = findKind(name)
  if (kind === undefined) throw new Error(`${name} is not registered`)
  const examples = kind.examples.map(
    (data, index) => [index, AnyNode.parse({ id: 'node', kind: name, position: { x: 0, y: 0 }, data })] as const,
  )

  /** The node with all its ports connected but `except`, behind a keyword unless it is a trigger itself. */
  const drawing = (node: FlowNode, except?: string) => {
    const ports = kind.ports(node.data).map(({ id }) => id)
    const ways = ports.filter((port) => port !== except).map((port) => `node:${port} > end`)
    const isTrigger = kind.trigger !== undefined
    return flow(
      [...(isTrigger ? [] : [keyword('start', 'hi')]), node, handOff('end')],
      isTrigger ? ways : ['start > node', ...ways],
    )
  }
  const textsThatStart = ['hi', 'hello', 'price', 'order #7', 'anything']

  it.each(examples)('example %i parses, and nothing else is let in', (_, node) => {
    expect(kind.data.parse(JSON.parse(JSON.stringify(node.data)))).toEqual(node.data)
    expect(AnyNode.safeParse({ ...node, extra: 1 }).success).toBe(false)
    expect(AnyNode.safeParse({ ...node, data: { ...node.data, extra: 1 } }).success).toBe(false)
  })

  it.each(examples)('example %i has ports with ids of their own', (_, { data }) => {
    const ports = kind.ports(data)
    expect(ports.length).toBeGreaterThan(0)
    expect(new Set(ports.map(({ id }) => id)).size).toBe(ports.length)
    for (const { id, label } of ports) expect([id, label].every((words) => words !== '')).toBe(true)
  })

  it.each(examples)('example %i is left, in the end, by a port it shows, with effects that survive JSON', (_, node) => {
    const document = drawing(node)
    const ports = kind.ports(node.data).map(({ id }) => id)
    for (const text of textsThatStart) {
      const lane = new Lane(programOf({ a: document })).writes(text)
      if (lane.state.run === null) continue
      const seen = [...lane.trace]
      if (lane.at === 'node') {
        lane.handBack()
        seen.push(...lane.trace)
        if (lane.at === 'node') seen.push(...lane.waits(30 * HOUR).trace)
      }
      const left = seen.flatMap((line) => (line.type === 'leave' && line.node === 'node' ? [line.port] : []))
      expect(ports).toEqual(expect.arrayContaining(left))
      expect(left.length).toBeGreaterThan(0)
      expect(z.array(Effect).parse(JSON.parse(JSON.stringify(lane.effects)))).toEqual(lane.effects)
      return
    }
    throw new Error('no text starts this example')
  })

  it.each(examples)('example %i passes the checker', (_, node) => {
    const never = checkFlow(drawing(node)).filter(({ code }) => code === 'port-never-taken')
    const [unused] = never
    const mended = unused?.port == null ? drawing(node) : drawing(node, unused.port)
    expect(checkFlow(mended)).toEqual([])
  })

  it.each(examples)('example %i names the fields of its texts by their paths', (_, { data }) => {
    for (const { field, text } of kind.templates?.(data) ?? []) {
      const value = field.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], data)
      expect(value).toBe(text)
    }
  })
})

it('knows every kind by its own name, once', () => {
  expect(new Set(nodeKinds.map(({ kind }) => kind)).size).toBe(nodeKinds.length)
  expect(findKind('carrier-pigeon')).toBeUndefined()
  for (const node of [fallback('f'), message('m', 'x')]) expect(findKind(node.kind)?.kind).toBe(node.kind)
})
