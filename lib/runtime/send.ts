import { connectionFor, forgetConnections } from '@/lib/accounts/resolve-connection'
import type { Database } from '@/lib/db/client'
import { permitFor, windowAt } from '@/lib/flow/window'
import { type ListedMessage, listMessages } from '@/lib/instagram/conversations'
import { type Endpoint, sendMessage } from '@/lib/instagram/send'
import { log } from '@/lib/log'
import { fingerprintOf, NOTHING } from './fingerprint'
import { probe } from './probe'
import { pauseAccount, postponeLookUp, settleFailed, settleNeedsPerson, settleSent, settleUnknown, settleWait } from './settle'
import type { ClaimedSend } from './sql/claim-sends'
import type { Timing } from './timing'

/** How long an account that needs a new login is left alone before its connection is read again. */
const RECONNECT_PAUSE_MS = 30_000
/** Proofs of absence after which a message is given up. */
const RESENDS = 2
/** Meta's clock against ours. Wide, because rows with a known mid are never taken for another. */
const CLOCK_SKEW_MS = 5 * 60_000

/** Messages this process is calling Instagram about. Time may be moved while it does, which ends leases early. */
const underWay = new Set<string>()

/** The only place that speaks to Instagram on behalf of a lane. One call at most, and its outcome is written. */
export async function carryOut(database: Database, claim: ClaimedSend, timing: Timing): Promise<void> {
  const isLookUp = claim.task === 'look-up'
  if (isLookUp && claim.echoMid !== null) return settleSent(database, claim, claim.echoMid)
  if (isLookUp && underWay.has(claim.messageId)) return postponeLookUp(database, claim, timing.lookUpAgainMs)
  const connection = await connectionFor(database.sql, claim.accountId)
  if (!connection) {
    const says = 'The account is not connected: connect it again and this goes out by itself.'
    await pauseAccount(database, claim, RECONNECT_PAUSE_MS, says)
    return isLookUp
      ? leaveOpen(database, claim, 'The account is not connected.', RECONNECT_PAUSE_MS, timing)
      : settleWait(database, claim, RECONNECT_PAUSE_MS, says)
  }
  const endpoint: Endpoint = {
    graphUrl: connection.graphUrl,
    version: connection.version,
    node: connection.nodeId,
    token: connection.token.reveal(),
  }
  if (isLookUp) return lookUp(database, claim, endpoint, timing)
  underWay.add(claim.messageId)
  try {
    await send(database, claim, connection.connectionId, endpoint, timing)
  } finally {
    underWay.delete(claim.messageId)
  }
}

async function send(
  database: Database,
  claim: ClaimedSend,
  connectionId: string,
  endpoint: Endpoint,
  timing: Timing,
): Promise<void> {
  const permit = permitFor(windowAt(claim.lastPersonMs, claim.nowMs), claim.author.type === 'agent')
  if (permit === null) return settleFailed(database, claim, 'The messaging window is closed: the person has to write first.')
  probe('send:claimed')
  // Held up since the claim: somebody else may take this row for a dead sender's before the call is over.
  if (Date.now() > claim.callBefore) return settleWait(database, claim, 0, 'It was held up before it was sent.')
  const result = await sendMessage(endpoint, claim.igsid, claim.message, permit, timing.callMs)
  probe('send:answered')
  switch (result.outcome) {
    case 'sent':
      await settleSent(database, claim, result.mid)
      break
    case 'wait':
      await pauseAccount(database, claim, result.waitMs, result.says)
      await settleWait(database, claim, result.waitMs, result.says)
      break
    case 'reconnect':
      if (await isStillItsToken(database, claim.accountId, endpoint.token))
        await database.sql`update connection set status = 'reconnect', status_reason = ${result.says} where id = ${connectionId}`
      await pauseAccount(database, claim, RECONNECT_PAUSE_MS, result.says)
      await settleWait(database, claim, RECONNECT_PAUSE_MS, result.says)
      break
    case 'unsure':
      await settleUnknown(database, claim, result.says, timing)
      break
    case 'window-closed':
    case 'recipient-gone':
    case 'never':
      await settleFailed(database, claim, result.says)
      break
    default:
      result satisfies never
  }
  probe('send:settled')
  if (result.outcome !== 'sent')
    log.info('send-not-done', { account: claim.accountId, lane: claim.igsid, outcome: result.outcome, code: result.code })
}

/** The token that was refused may have been replaced while this process still remembered it. */
async function isStillItsToken({ sql }: Database, accountId: string, token: string): Promise<boolean> {
  forgetConnections()
  return (await connectionFor(sql, accountId))?.token.reveal() === token
}

/** Nothing was learnt about a row of unknown fate: it is looked up again, until it is time that a person decides. */
async function leaveOpen(database: Database, claim: ClaimedSend, says: string, waitMs: number, timing: Timing): Promise<void> {
  const openFor = claim.nowMs - (claim.unknownMs ?? claim.nowMs)
  if (openFor < timing.giveUpMs) return postponeLookUp(database, claim, waitMs)
  return settleNeedsPerson(
    database,
    claim,
    `Nobody can tell whether this was delivered: ${says} Look at the thread in Instagram, then mark it as sent or send it again.`,
  )
}

/**
 * Finds out what became of a send: the conversation is read, and its words are looked for among the account's own messages
 * that belong to no other row. Found: sent. Absent, where it would have to be seen: proof that it was not, so it is sent
 * again, twice at most.
 */
async function lookUp(database: Database, claim: ClaimedSend, endpoint: Endpoint, timing: Timing): Promise<void> {
  const listing = await listMessages(endpoint, claim.igsid, timing.callMs)
  probe('reconcile:looked')
  const againMs = timing.lookUpAgainMs
  if (!listing.ok) return leaveOpen(database, claim, listing.says, Math.max(againMs, listing.waitMs), timing)
  const known = await database.sql<{ mid: string; isEarlier: boolean }[]>`
    select m.mid, m.seq < (select seq from message own where own.account_id = m.account_id and own.id = ${claim.messageId}) as "isEarlier"
    from message m
    where m.account_id = ${claim.accountId} and m.mid in ${database.sql(['', ...listing.messages.map(({ mid }) => mid)])}`
  const isRecent = (row: ListedMessage) => row.at === 0 || row.at >= claim.claimedMs - CLOCK_SKEW_MS
  const free = listing.messages.filter(
    (row) => row.from !== claim.igsid && !known.some(({ mid }) => mid === row.mid) && isRecent(row),
  )
  // The listing is newest first; the oldest free one is this row's, since later rows have not been tried yet.
  const found = free.filter((row) => row.from !== null && fingerprintOf(row) === claim.fingerprint).at(-1)
  if (found !== undefined) return settleSent(database, claim, found.mid)
  if (free.some((row) => row.from === null || fingerprintOf(row) === NOTHING))
    return leaveOpen(database, claim, 'Instagram lists a message without its details.', againMs, timing)
  const reachesBack =
    listing.isWhole || known.some(({ isEarlier }) => isEarlier) || listing.messages.some((row) => !isRecent(row))
  if (!reachesBack) return leaveOpen(database, claim, 'Instagram lists later messages only.', againMs, timing)
  if (claim.resends >= RESENDS)
    return settleFailed(database, claim, 'Instagram did not take it: it was sent three times and never arrived.')
  return settleWait(database, claim, 0, 'It was not delivered; it is being sent again.', true)
}
