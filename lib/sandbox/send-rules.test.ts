import { describe, expect, it } from 'vitest'
import { GraphError } from './graph-error'
import { gapAfter } from './limits'
import { defaultSettings, type Settings } from './model'
import { judgeSend, type Params, readSend, type Send } from './send-rules'

const HOUR = 3_600_000
const recipient = { id: '60000000000000001' }
const text = (value: string, more: object = {}): Params => ({ recipient, message: { text: value, ...more } })
const chip = (more: object = {}) => ({ content_type: 'text', title: 'Yes', payload: 'YES', ...more })
const chips = (...list: unknown[]) => text('Pick', { quick_replies: list })
const image = (url: unknown, type = 'image') => ({ type, payload: { url } })
const images = (count: number) => ({ recipient, message: { attachments: Array(count).fill(image('https://cdn.example/x.png')) } })
const urlOf = (length: number) => `https://cdn.example/${'x'.repeat(length - 'https://cdn.example/'.length)}`

/** Code and subcode of the refusal, or 'fine'. */
function verdict(run: () => unknown): string {
  try {
    run()
    return 'fine'
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return error.facts.subcode === undefined ? String(error.facts.code) : `${error.facts.code}/${error.facts.subcode}`
  }
}

describe('every limit, at the edge and one past it', () => {
  it.each<[string, Params, string]>([
    ['1000 bytes of ASCII', text('x'.repeat(1000)), 'fine'],
    ['1001 bytes of ASCII', text('x'.repeat(1001)), '100'],
    ['500 letters of two bytes', text('é'.repeat(500)), 'fine'],
    ['one byte more', text(`${'é'.repeat(500)}x`), '100'],
    ['250 emoji of four bytes', text('👋'.repeat(250)), 'fine'],
    ['251 emoji', text('👋'.repeat(251)), '100'],
    ['one letter', text('x'), 'fine'],
    ['an empty text', text(''), '100'],
    ['only spaces', text(' \n '), '100'],
    ['no text and no attachment', { recipient, message: {} }, '100'],
    ['13 chips', chips(...Array(13).fill(chip())), 'fine'],
    ['14 chips', chips(...Array(14).fill(chip())), '100'],
    ['a payload of 1000 characters', chips(chip({ payload: '👋'.repeat(1000) })), 'fine'],
    ['a payload of 1001 characters', chips(chip({ payload: 'p'.repeat(1001) })), '100'],
    ['a title of 20 characters', chips(chip({ title: 't'.repeat(20) })), 'fine'],
    ['a title of 21 characters: taken, and cut off on the screen', chips(chip({ title: 't'.repeat(21) })), 'fine'],
    ['10 images', images(10), 'fine'],
    ['11 images', images(11), '100'],
    ['no image in the list', images(0), '100'],
    ['a URL of 2048 characters', { recipient, message: { attachment: image(urlOf(2048)) } }, 'fine'],
    ['a URL of 2049 characters', { recipient, message: { attachment: image(urlOf(2049)) } }, '100'],
    ['metadata of 1000 characters', text('x', { metadata: 'm'.repeat(1000) }), 'fine'],
    ['metadata of 1001 characters', text('x', { metadata: 'm'.repeat(1001) }), '100'],
  ])('%s', (_, params, expected) => {
    expect(verdict(() => readSend(params))).toBe(expected)
  })
})

describe('what makes no sense', () => {
  it.each<[string, Params, string]>([
    ['no recipient', { message: { text: 'x' } }, '100'],
    ['a user name as recipient', { recipient: { id: 'mia' }, message: { text: 'x' } }, '100'],
    ['a number as recipient: it could not be exact', { recipient: { id: 6_000_000_001 }, message: { text: 'x' } }, '100'],
    ['a private reply', { recipient: { comment_id: '1' }, message: { text: 'x' } }, '100'],
    ['message and action together', { ...text('x'), sender_action: 'typing_on' }, '100/2018014'],
    ['neither message nor action', { recipient }, '100'],
    ['an unknown action', { recipient, sender_action: 'wave' }, '100'],
    ['an action not made yet', { recipient, sender_action: 'react' }, '100'],
    ['an action', { recipient, sender_action: 'mark_seen' }, 'fine'],
    ['text and image together', { recipient, message: { text: 'x', attachment: image('https://a.b/c.png') } }, '100'],
    ['attachment and attachments', { recipient, message: { attachment: image('https://a.b/c.png'), attachments: [] } }, '100'],
    ['chips under an image', { recipient, message: { attachment: image('https://a.b/c.png'), quick_replies: [chip()] } }, '100'],
    ['a chip without a title', chips(chip({ title: undefined })), '100'],
    ['a chip without a payload', chips(chip({ payload: undefined })), '100'],
    ['a chip with a picture', chips(chip({ image_url: 'https://a.b/c.png' })), '100'],
    ['a chip for the location', chips({ content_type: 'location' }), '100'],
    ['chips for e-mail and phone', chips({ content_type: 'user_email' }, { content_type: 'user_phone_number' }), 'fine'],
    ['a template', { recipient, message: { attachment: { type: 'template', payload: {} } } }, '100'],
    ['a type that does not exist', { recipient, message: { attachment: image('https://a.b/c', 'sticker') } }, '100'],
    ['an address that is none', { recipient, message: { attachment: image('cdn.example/x.png') } }, '100'],
    ['an address of another scheme', { recipient, message: { attachment: image('ftp://cdn.example/x.png') } }, '100'],
    ['an unknown key', text('x', { buttons: [] }), '100'],
    ['messaging_type RESPONSE', { ...text('x'), messaging_type: 'RESPONSE' }, 'fine'],
    ['messaging_type UPDATE', { ...text('x'), messaging_type: 'UPDATE' }, 'fine'],
    ['an unknown messaging_type', { ...text('x'), messaging_type: 'BROADCAST' }, '100'],
    ['MESSAGE_TAG without a tag', { ...text('x'), messaging_type: 'MESSAGE_TAG' }, '100'],
    ['HUMAN_AGENT', { ...text('x'), messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }, 'fine'],
    ['the tag alone', { ...text('x'), tag: 'HUMAN_AGENT' }, 'fine'],
    ['a retired tag', { ...text('x'), messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE' }, '100'],
    ['a form body with JSON text', { recipient: JSON.stringify(recipient), message: '{"text":"x"}' }, 'fine'],
    ['a form body with broken JSON', { recipient: JSON.stringify(recipient), message: '{"text":' }, '100'],
  ])('%s', (_, params, expected) => {
    expect(verdict(() => readSend(params))).toBe(expected)
  })
})

describe('who may be written to', () => {
  const now = 1_800_000_000_000
  const settings = (more: Partial<Settings> = {}): Settings => ({ ...defaultSettings, ...more })
  const send = (more: Params = {}): Send => readSend({ ...text('x'), ...more })
  const human = { tag: 'HUMAN_AGENT' }
  const wrote = (agoMs: number) => ({ isBlocked: false, lastPersonAt: now - agoMs })

  it.each<[string, Send, Parameters<typeof judgeSend>[1], Settings, string]>([
    ['just now', send(), wrote(0), settings(), 'fine'],
    ['24 hours ago', send(), wrote(24 * HOUR), settings(), 'fine'],
    ['a millisecond more', send(), wrote(24 * HOUR + 1), settings(), '10/2534022'],
    ['7 days ago, by a person', send(human), wrote(168 * HOUR), settings(), 'fine'],
    ['a millisecond more, by a person', send(human), wrote(168 * HOUR + 1), settings(), '10/2534022'],
    ['by a person, without the feature', send(human), wrote(0), settings({ humanAgent: false }), '10'],
    ['nobody with a thread', send(), null, settings(), '100/2534014'],
    ['somebody who blocked us', send(), { ...wrote(0), isBlocked: true }, settings(), '551/1545041'],
    ['the other code for it', send(), { ...wrote(0), isBlocked: true }, settings({ blockedCode: 200 }), '200/1545041'],
    ['typing after the window', readSend({ recipient, sender_action: 'typing_on' }), wrote(25 * HOUR), settings(), '10/2534022'],
    [
      'marking as seen after the window',
      readSend({ recipient, sender_action: 'mark_seen' }),
      wrote(25 * HOUR),
      settings(),
      'fine',
    ],
  ])('%s', (_, what, facts, how, expected) => {
    expect(verdict(() => judgeSend(what, facts, how, now))).toBe(expected)
  })
})

it('tries a webhook again at once, then with growing gaps that reach over 36 hours', () => {
  expect(gapAfter(1)).toBe(0)
  const gaps = Array.from({ length: 24 }, (_, index) => gapAfter(index + 2))
  expect(gaps[0]).toBe(1000)
  for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(gaps[index - 1] ?? 0)
  expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(36 * HOUR)
})
