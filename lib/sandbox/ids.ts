import { randomBytes, randomInt } from 'node:crypto'

/** Decimal digits after `prefix`, `length` in all. Ids of Meta are longer than a JavaScript number can hold: text everywhere. */
export function digits(prefix: string, length: number): string {
  let id = prefix
  while (id.length < length) id += String(randomInt(10))
  return id
}

export const newIgId = () => digits('1784140', 17)
export const newAppScopedId = () => digits('92', 17)
export const newPageId = () => digits('10', 15)
export const newIgsid = () => digits('6', 17)
export const newMediaId = () => digits('180', 17)
export const newThreadNumber = () => digits('34028236684171030094912', 39)

/** Meta's form of base64: no padding, every Z followed by a filler, and ZD at the end. */
const opaque = (text: string) => `${Buffer.from(text).toString('base64').replace(/=+$/, '').replaceAll('Z', 'ZA')}ZD`

/** A message id of about 170 characters. `order` makes ids grow along a thread. */
export const newMid = (igId: string, threadNumber: string, order: number) =>
  opaque(`ig_dm_item:1:IGMessageID:${igId}:${threadNumber}:3093${String(order).padStart(13, '0')}${digits('', 18)}`)

export const conversationIdOf = (igId: string, threadNumber: string) => opaque(`ig_dm:1:IGMessageThread:${igId}:${threadNumber}`)

export const newFbtraceId = () => `A${randomBytes(16).toString('base64url')}`
export const newSecret = () => randomBytes(16).toString('hex')
/** Real tokens have no fixed length; these are long enough to find a column that is too short. */
export const newToken = (prefix: 'IGAA' | 'EAA') => `${prefix}${randomBytes(150).toString('base64url').replace(/[-_]/g, 'Z')}`
export const newSignature = () => randomBytes(40).toString('base64url')
