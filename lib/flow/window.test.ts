import { expect, it } from 'vitest'
import { HOUR, MINUTE, START } from './testing'
import { permitFor, windowAt } from './window'

it.each([
  [null, 'closed', null, null],
  [0, 'open', 'response', 'response'],
  [24 * HOUR - MINUTE - 1, 'open', 'response', 'response'],
  [24 * HOUR - MINUTE, 'human-only', null, 'human-agent'],
  [7 * 24 * HOUR - MINUTE - 1, 'human-only', null, 'human-agent'],
  [7 * 24 * HOUR - MINUTE, 'closed', null, null],
] as const)('%s ms after the person last wrote it is %s: a bot gets %s, a person %s', (after, state, bot, human) => {
  const window = windowAt(after === null ? null : START, START + (after ?? 0))
  expect([window.state, permitFor(window, false), permitFor(window, true)]).toEqual([state, bot, human])
})
