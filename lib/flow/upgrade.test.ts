import { describe, expect, it } from 'vitest'
import { SCHEMA_VERSION } from './flow'
import { flow, keyword, message, quickReply } from './testing'
import { readFlow, upgrades } from './upgrade'

const document = flow(
  [keyword('k', 'hi'), quickReply('q', 'Well?', ['a=Yes', 'email']), message('m', 'hello')],
  ['k > q', 'q:a > m'],
)
const json = (): Record<string, unknown> => JSON.parse(JSON.stringify(document))
const problemsOf = (value: unknown) => {
  const read = readFlow(value)
  return read.ok ? [] : read.problems.map(({ path }) => path)
}

describe('reading a flow', () => {
  it('gives back what was written', () => {
    expect(readFlow(json())).toEqual({ ok: true, flow: document })
  })

  it('opens documents of version 0, which had no variables, notes and groups', () => {
    const { variables: _v, notes: _n, groups: _g, ...rest } = json()
    const old = { ...rest, schemaVersion: 0 }
    expect(readFlow(old)).toEqual({ ok: true, flow: document })
    expect(readFlow({ ...old, notes: [{ id: 'n', text: 'kept', position: { x: 1, y: 2 } }] })).toMatchObject({
      ok: true,
      flow: { notes: [{ text: 'kept' }] },
    })
  })

  it('has one upgrade for each version that was', () => {
    expect(upgrades).toHaveLength(SCHEMA_VERSION)
    upgrades.forEach((upgrade, version) => {
      expect(upgrade({ schemaVersion: version })).toMatchObject({ schemaVersion: version + 1 })
    })
  })

  it.each([
    ['a newer format', { ...json(), schemaVersion: SCHEMA_VERSION + 1 }, ['schemaVersion']],
    ['no format', { ...json(), schemaVersion: undefined }, ['schemaVersion']],
    ['half a format', { ...json(), schemaVersion: 0.5 }, ['schemaVersion']],
    ['no object', [1], ['']],
    ['nothing', null, ['']],
    ['a field nobody knows', { ...json(), colour: 'red' }, ['colour']],
    [
      'a field nobody knows inside a chip',
      withNode(1, { text: 'x', noAnswerAfterMinutes: null, chips: [{ id: 'a', type: 'text', icon: 1 }] }),
      ['nodes.1.data.chips.0.icon'],
    ],
    ['a kind nobody knows', { ...json(), nodes: [{ ...document.nodes[0], kind: 'teleport' }] }, ['nodes.0.kind']],
    [
      'a number where words belong',
      { ...json(), edges: [{ id: 'e', source: 1, port: 'next', target: 'q' }] },
      ['edges.0.source'],
    ],
    ['fields that are missing', withNode(2, {}), ['nodes.2.data.bubbles']],
  ])('says where %s stands', (_, value, paths) => {
    expect(problemsOf(value)).toEqual(paths)
  })

  it('takes half-typed drafts: sense is the checker’s', () => {
    expect(
      readFlow({
        ...json(),
        nodes: [{ ...message('m', ''), position: { x: -1.5, y: 0 } }],
        edges: [{ id: '', source: 'x', port: 'y', target: 'z' }],
      }).ok,
    ).toBe(true)
  })
})

function withNode(index: number, data: unknown) {
  const nodes = document.nodes.map((node, at) => (at === index ? { ...node, data } : node))
  return { ...json(), nodes }
}
