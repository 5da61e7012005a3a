import { expect, it } from 'vitest'
import { judge } from './outcome'

it.each([
  [400, 10, 2534022, 'window-closed'],
  [400, 10, null, 'never'],
  [400, 100, 2534014, 'recipient-gone'],
  [400, 100, 424242, 'never'],
  [401, 190, 463, 'reconnect'],
  [400, 190, 999, 'reconnect'],
  [400, 613, 2534040, 'wait'],
  [400, 4, null, 'wait'],
  [500, 1, null, 'unsure'],
  [400, 1, 1357046, 'unsure'],
  [500, 2, null, 'unsure'],
  [502, null, null, 'unsure'],
  [500, 99999, null, 'unsure'],
  [429, null, null, 'wait'],
  [404, null, null, 'never'],
  [500, 551, 1545041, 'recipient-gone'],
])('judges %i with code %s/%s as %4$s', (status, code, subcode, outcome) => {
  expect(judge(status, code, subcode)).toMatchObject({ outcome, says: expect.stringMatching(/\.$/) })
})
