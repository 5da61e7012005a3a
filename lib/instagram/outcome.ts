/**
 * What a Graph call came to, decided by `error.code` and `error_subcode` (never by `error.type`, which varies by host).
 *
 * `wait` not done, later · `window-closed` Instagram no longer lets us write · `reconnect` the owner must sign in again ·
 * `recipient-gone` this person cannot be reached · `never` will not pass · `unsure` it may have been done: never again
 * without looking.
 */
export type Outcome = 'wait' | 'window-closed' | 'reconnect' | 'recipient-gone' | 'never' | 'unsure'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

interface Row {
  outcome: Outcome
  /** For `wait`: how long, when no header says more. */
  waitMs?: number
  /** What the inbox tells the operator: cause and mend. */
  says: string
}

/**
 * Source: Messenger Platform, Error Codes; Graph API, Rate Limiting; Instagram Platform, Error Codes; 190's subcodes and
 * 2534001 are seen in the field only. A row with a subcode beats the row of its code alone.
 */
const table: Record<string, Row> = {
  '1': { outcome: 'unsure', says: 'Instagram had an unknown problem; the message may have been delivered.' },
  '2': { outcome: 'unsure', says: 'Instagram had a temporary problem; the message may have been delivered.' },
  '3': { outcome: 'never', says: 'The Meta app lacks this capability, or the call went to the wrong node for its login route.' },
  '4': { outcome: 'wait', waitMs: MINUTE_MS, says: 'The Meta app has reached its request limit.' },
  '10': {
    outcome: 'never',
    says: 'A permission is missing: reconnect the account and grant every permission that is asked for.',
  },
  '10/2534022': { outcome: 'window-closed', says: 'The messaging window is closed: the person has to write first.' },
  '10/2018278': { outcome: 'window-closed', says: 'The messaging window is closed: the person has to write first.' },
  '10/2018065': { outcome: 'window-closed', says: 'The messaging window is closed: the person has to write first.' },
  '10/2018108': { outcome: 'recipient-gone', says: 'This person cannot receive messages at the moment.' },
  '10/2534077': {
    outcome: 'never',
    says: "The account's link to its Page, or its two-factor login, cannot be verified: the owner has to act.",
  },
  '10/1893063': { outcome: 'never', says: 'Instagram has restricted this account from sending messages for a while.' },
  '17': { outcome: 'wait', waitMs: MINUTE_MS, says: 'A request limit is reached.' },
  '27': { outcome: 'never', says: 'Conversation Routing is off for this account.' },
  '32': { outcome: 'wait', waitMs: MINUTE_MS, says: 'The Page has reached its request limit.' },
  '102': { outcome: 'reconnect', says: 'The login has ended: reconnect the account.' },
  '190': { outcome: 'reconnect', says: 'The access token is no longer valid: reconnect the account.' },
  '190/458': { outcome: 'reconnect', says: 'The app was removed from the account: reconnect it.' },
  '190/459': { outcome: 'reconnect', says: 'The owner has to sign in at Instagram or Facebook first, then reconnect.' },
  '190/460': { outcome: 'reconnect', says: "The owner's password was changed: reconnect the account." },
  '190/463': { outcome: 'reconnect', says: 'The access token has expired: reconnect the account.' },
  '190/467': { outcome: 'reconnect', says: 'The owner has logged out: reconnect the account.' },
  '190/492': { outcome: 'reconnect', says: "The owner's role on the Page is gone: restore it, then reconnect." },
  '100': { outcome: 'never', says: 'Instagram refused the message as malformed.' },
  '100/33': { outcome: 'never', says: 'The object does not exist, or the permission for it is missing.' },
  '100/2018001': { outcome: 'recipient-gone', says: 'Instagram knows no such person.' },
  '100/2018008': {
    outcome: 'never',
    says: 'Instagram could not fetch the media: its address must be public, fast and have a valid certificate.',
  },
  '100/2018047': { outcome: 'never', says: 'The media is not of the type it was sent as.' },
  '100/2018109': { outcome: 'never', says: 'The media is larger than Instagram accepts.' },
  '100/2534013': { outcome: 'never', says: 'The Page is not linked to an Instagram account.' },
  '100/2534014': { outcome: 'recipient-gone', says: 'Instagram knows no such person for this account.' },
  '100/2534015': { outcome: 'never', says: 'Instagram does not allow this kind of content here.' },
  '100/2534029': { outcome: 'never', says: 'Instagram has blocked this business from its messaging API.' },
  '100/2534037': { outcome: 'never', says: 'Another app holds this thread.' },
  '200': { outcome: 'never', says: 'A permission is missing, or the app may only write to people with a role on it.' },
  '200/1545041': {
    outcome: 'recipient-gone',
    says: 'This person is not available: they blocked the account, left, or do not take messages.',
  },
  '200/2534041': { outcome: 'never', says: 'The owner switched off "Allow access to messages" in the Instagram app.' },
  '230': { outcome: 'never', says: 'This person has not consented to it yet.' },
  '368': { outcome: 'wait', waitMs: HOUR_MS, says: 'Instagram has blocked sending for a while (policy, or too fast).' },
  '551': { outcome: 'recipient-gone', says: 'This person is not available right now.' },
  '613': { outcome: 'wait', waitMs: 5 * SECOND_MS, says: 'The messaging rate limit is reached.' },
  '613/1996': { outcome: 'wait', waitMs: HOUR_MS, says: 'Instagram finds the sending volume inconsistent.' },
  '2022': { outcome: 'never', says: 'Instagram has disabled commerce messages of this account after a violation.' },
  '36103': { outcome: 'never', says: 'The account is not eligible for the messaging API.' },
  '80002': { outcome: 'wait', waitMs: 5 * MINUTE_MS, says: "The account's request limit is reached." },
  '80006': { outcome: 'wait', waitMs: 5 * MINUTE_MS, says: "The account's messaging limit is reached." },
  '2018300': { outcome: 'wait', waitMs: MINUTE_MS, says: 'Another app controls the thread.' },
  '2018321': { outcome: 'wait', waitMs: MINUTE_MS, says: "Instagram's own questions and answers control the thread." },
  '9000001': { outcome: 'never', says: 'The message was deleted.' },
}

export interface Verdict {
  outcome: Outcome
  waitMs: number
  says: string
}

/** A code that is not listed is `never`, unless the server itself failed (5xx): then it is `unsure`. 429 alone is `wait`. */
export function judge(status: number, code: number | null, subcode: number | null): Verdict {
  const row = (subcode !== null ? table[`${code}/${subcode}`] : undefined) ?? table[String(code)]
  if (row) return { outcome: row.outcome, waitMs: row.waitMs ?? 0, says: row.says }
  if (status >= 500)
    return { outcome: 'unsure', waitMs: 0, says: 'Instagram did not answer properly; the message may have been delivered.' }
  if (status === 429) return { outcome: 'wait', waitMs: MINUTE_MS, says: 'Too many requests.' }
  return { outcome: 'never', waitMs: 0, says: 'Instagram refused it.' }
}
