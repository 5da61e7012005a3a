import { describe, expect, it } from 'vitest'
import { matchReplies } from './match-replies'
import { replyTo } from './words'

const wrote = (igsid: string, text: string, at: number) => ({ igsid, text, at })
const heard = (igsid: string, text: string, at: number) => ({ igsid, text: replyTo(text), at })
const posts = [wrote('mia', 'price', 0), wrote('tom', 'price', 5), wrote('mia', 'sizes', 10)]

describe('matchReplies', () => {
  it('tells how long each took, in the order of the posts, whoever was answered first', () => {
    expect(matchReplies(posts, [heard('tom', 'price', 6), heard('mia', 'price', 20), heard('mia', 'sizes', 22)])).toEqual([
      20, 1, 12,
    ])
  })

  it.each([
    ['lost', [heard('mia', 'price', 20), heard('tom', 'price', 6)], 'got no reply'],
    [
      'doubled',
      [heard('mia', 'price', 20), heard('tom', 'price', 6), heard('tom', 'price', 7), heard('mia', 'sizes', 22)],
      '4 replies arrived',
    ],
    ['out of order', [heard('mia', 'sizes', 20), heard('tom', 'price', 6), heard('mia', 'price', 22)], 'heard'],
    ["somebody else's", [heard('mia', 'price', 20), heard('mia', 'price', 21), heard('mia', 'sizes', 22)], 'got no reply'],
    [
      'for nobody who wrote',
      [heard('mia', 'price', 20), heard('tom', 'price', 6), heard('mia', 'sizes', 22), heard('ann', 'price', 9)],
      '4 replies arrived',
    ],
  ])('refuses a reply that is %s', (_, arrivals, why) => expect(() => matchReplies(posts, arrivals)).toThrow(why))
})
