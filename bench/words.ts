/** What people write in the end-to-end benchmark: each a keyword of the flow, so each has a reply that shows what it is to. */
export const WORDS = [
  'price',
  'sizes',
  'colours',
  'delivery',
  'returns',
  'opening hours',
  'address',
  'vouchers',
  'jobs',
  'thanks',
]

export const replyTo = (word: string): string => `You asked about ${word}, and here is all we know about it.`
