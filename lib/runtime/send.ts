import { connectionFor } from '@/lib/accounts/resolve-connection'
import type { Database } from '@/lib/db/client'
import { permitFor, windowAt } from '@/lib/flow/window'
import { listMessages } from '@/lib/instagram/conversations'
import { type Endpoint, sendMessage } from '@/lib/instagram/send'
import { log } from '@/lib/log'
import { fingerprintOf } from './fingerprint'
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

/** The only place that speaks to Instagram on behalf of a lane. One call at most, and its outcome is written. */
export async function carryOut(database: Database, claim: ClaimedSend, timing: Timing): Promise<void> {
  const connection = await connectionFor(database.sql, claim.accountId)
  if (!connection) {
    const says = 'The account is not connected: connect it again and this goes out by itself.'
    await pauseAccount(database, claim, RECONNECT_PAUSE_MS, says)
    return claim.task === 'send'
      ? settleWait(database, claim, RECONNECT_PAUSE_MS, says)
      : postponeLookUp(database, claim, RECONNECT_PAUSE_MS)
  }
  const endpoint: Endpoint = {
    graphUrl: connection.graphUrl,
    version: connection.version,
    node: connection.nodeId,
    token: connection.token.reveal(),
  }
  return claim.task === 'send'
    ? send(database, claim, connection.connectionId, endpoint, timing)
    : lookUp(database, claim, endpoint, timing)
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

/**
 * Finds out what became of a send: the conversation is read, and its words are looked for among the account's own messages
 * that belong to no other row. Found: sent. Absent: proof that it was not, so it is sent again, twice at most.
 */
async function lookUp(database: Database, claim: ClaimedSend, endpoint: Endpoint, timing: Timing): Promise<void> {
  const listing = await listMessages(endpoint, claim.igsid, timing.callMs)
  probe('reconcile:looked')
  if (!listing.ok) {
    const openFor = claim.nowMs - (claim.unknownMs ?? claim.nowMs)
    if (openFor >= timing.giveUpMs) {
      return settleNeedsPerson(
        database,
        claim,
        `Nobody can tell whether this was delivered: ${listing.says} Look at the thread in Instagram, then mark it as sent or send it again.`,
      )
    }
    return postponeLookUp(database, claim, Math.max(timing.lookUpAgainMs, listing.waitMs))
  }
  const ours = listing.messages.filter(
    (row) => row.from !== null && row.from !== claim.igsid && row.at >= claim.claimedMs - CLOCK_SKEW_MS,
  )
  const alike = ours.filter((row) => fingerprintOf(row) === claim.fingerprint).map(({ mid }) => mid)
  const known = await database.sql<{ mid: string }[]>`
    select mid from message where account_id = ${claim.accountId} and mid in ${database.sql(alike.length > 0 ? alike : [''])}`
  const free = alike.filter((mid) => !known.some((row) => row.mid === mid))
  // The listing is newest first; the oldest free one is this row's, since later rows have not been tried yet.
  const found = free.at(-1)
  if (found !== undefined) return settleSent(database, claim, found)
  if (claim.resends >= RESENDS)
    return settleFailed(database, claim, 'Instagram did not take it: it was sent three times and never arrived.')
  return settleWait(database, claim, 0, 'It was not delivered; it is being sent again.', true)
}
