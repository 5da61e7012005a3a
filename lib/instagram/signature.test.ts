import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signedBy } from './signature'

const body = new TextEncoder().encode('{"text":"\\u00e4 \\/"}')
const hex = (secret: string, over: Uint8Array = body) => createHmac('sha256', secret).update(over).digest('hex')

describe('signedBy', () => {
  it('tells which secret signed these bytes', () => {
    expect(signedBy(body, `sha256=${hex('two')}`, ['one', 'two'])).toBe('two')
  })

  it.each([
    ['no header', null],
    ['no prefix', hex('one')],
    ['the old algorithm', `sha1=${hex('one').slice(0, 40)}`],
    ['upper case', `sha256=${hex('one').toUpperCase()}`],
    ['too short', `sha256=${hex('one').slice(0, 62)}`],
    ['too long', `sha256=${hex('one')}00`],
    ['a stranger', `sha256=${hex('three')}`],
    ['the empty secret', `sha256=${hex('')}`],
    ['the same text written another way', `sha256=${hex('one', new TextEncoder().encode('{"text":"ä /"}'))}`],
  ])('refuses %s', (_, header) => {
    expect(signedBy(body, header, ['one', 'two', ''])).toBeNull()
  })

  it('refuses everything when there is no secret', () => {
    expect(signedBy(body, `sha256=${hex('one')}`, [])).toBeNull()
  })
})
