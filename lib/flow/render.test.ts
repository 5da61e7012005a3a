import { describe, expect, it } from 'vitest'
import { inspect, render, scopeOf } from './render'

const contact = { name: ' Mia  Rossi', username: 'mia.r', attributes: { email: 'mia@x.test', name: 'an attribute' }, tags: [] }
const scope = scopeOf(contact, { city: 'Rome', count: 3, '{{ city }}': 'x' })
const textOf = (template: string) => {
  const rendered = render(template, scope)
  return rendered.ok ? rendered.text : `failed: ${rendered.reason}`
}

describe('rendering', () => {
  it.each([
    ['Hi {{ contact.first_name | default: "there" }}!', 'Hi Mia!'],
    ['{{ contact.name }}, {{ contact.username }}, {{ contact.email }}', ' Mia  Rossi, mia.r, mia@x.test'],
    ['{{ contact.phone | default: "none" }}{{ nothing.at.all }}', 'none'],
    ['{% if vars.count > 2 %}many{% else %}few{% endif %}', 'many'],
    ['{% unless vars.city == "Rome" %}no{% endunless %}{% case vars.city %}{% when "Rome" %}yes{% endcase %}', 'yes'],
    ['{% assign x = vars.city | upcase %}{{ x }}{% capture y %}{{ x }}!{% endcapture %}{{ y }}', 'ROMEROME!'],
    ['{{ contact.constructor }}{{ vars.toString }}{{ contact.__proto__ }}', ''],
    ['no markup at all } }', 'no markup at all } }'],
    ['a\0b\ud800', 'ab\ufffd'],
  ])('%s', (template, text) => {
    expect(textOf(template)).toBe(text)
  })

  it.each([
    '{% for i in (1..9) %}{{ i }}{% endfor %}',
    '{% include "x" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{% cycle "a", "b" %}',
    '{{ "now" | date: "%s" }}',
    '{{ "a,b" | split: "," | sample }}',
    '{{ contact.name | where_exp: "x", "1" }}',
    '{{ contact.name',
    '{% if %}',
    '{{ (1..100000000) | join }}',
    `{% assign x = "aaaaaaaa" %}${'{% assign x = x | append: x %}'.repeat(40)}{{ x }}`,
    `{{ "${'x'.repeat(20_001)}" }}`,
  ])('refuses %s', (template) => {
    expect(render(template, scope).ok).toBe(false)
  })

  it('never reads a value as a template', () => {
    const hostile = scopeOf({ ...contact, name: '{{ vars.secret }}{% raw %}' }, { secret: 'no' })
    expect(render('{{ contact.name }}{% capture x %}{{ contact.name }}{% endcapture %}{{ x }}', hostile)).toEqual({
      ok: true,
      text: '{{ vars.secret }}{% raw %}'.repeat(2),
    })
  })

  it('has no first name where there is no name', () => {
    for (const name of [null, '', '  ']) expect(scopeOf({ ...contact, name }, {}).contact.first_name).toBeNull()
  })
})

it('tells which names a text reads', () => {
  const seen = inspect('{% assign z = vars.a %}{{ contact.name }}{{ z }}{{ vars["b c"] }}{{ vars[contact.x].y }}')
  expect(seen.error === null && seen.reads.map((read) => read.join('.')).sort()).toEqual([
    'contact.name',
    'contact.x',
    'vars',
    'vars.a',
    'vars.b c',
  ])
  expect(inspect('{{ x | nope }}').error).toContain('nope')
})
