import { expect, it } from 'vitest'
import { decodeTap, encodeTap } from './payload'

it('comes back as it went', () => {
  const tap = { flow: 'f"1', version: 3, node: 'ä', port: 'chip-1' }
  expect(decodeTap(encodeTap(tap))).toEqual(tap)
})

it.each([
  '',
  'BUY',
  '{}',
  '{"parley":1,',
  '{"parley":1,"flow":"a"}',
  '{"parley":2,"flow":"a","version":1,"node":"n","port":"p"}',
  '{"parley":1,"flow":"a","version":1,"node":"n","port":"p","x":1}',
])('%s is not ours', (payload) => {
  expect(decodeTap(payload)).toBeNull()
})
