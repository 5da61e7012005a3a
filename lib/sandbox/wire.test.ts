import { describe, expect, it } from 'vitest'
import { signatureHeaders, wireForm } from './wire'

describe('the byte form of a webhook', () => {
  it.each([
    ['a slash', { url: 'https://a.b/c' }, '{"url":"https:\\/\\/a.b\\/c"}'],
    ['an umlaut', { text: 'ä' }, '{"text":"\\u00e4"}'],
    ['an emoji, as two units', { text: '👋' }, '{"text":"\\ud83d\\udc4b"}'],
    ['the last ASCII letter and the first beyond', { text: '\u007f\u0080' }, '{"text":"\u007f\\u0080"}'],
    ['a lone surrogate', { text: '\ud800' }, '{"text":"\\ud800"}'],
    ['quotes, backslash and line ends', { text: '"\\\n' }, '{"text":"\\"\\\\\\n"}'],
    ['a NUL', { text: '\u0000' }, '{"text":"\\u0000"}'],
    ['a line separator', { text: '\u2028' }, '{"text":"\\u2028"}'],
  ])('%s', (_, value, bytes) => {
    expect(wireForm(value)).toBe(bytes)
    expect(Buffer.from(wireForm(value)).every((byte) => byte < 128)).toBe(true)
    expect(JSON.parse(wireForm(value))).toEqual(value)
  })
})

it('signs exactly those bytes, both ways', () => {
  // From another implementation: printf '%s' '{"text":"\u00e4"}' | openssl dgst -sha256 -hmac secret
  expect(signatureHeaders('{"text":"\\u00e4"}', 'secret')).toEqual({
    'X-Hub-Signature': 'sha1=58f76d925cd710badefd7046ceb7bfa19cf4194e',
    'X-Hub-Signature-256': 'sha256=934256dac49141d9ab4a8342ce253e83a309496fa278bcd80270dae9f2aba975',
  })
})
