import { randomInt } from 'node:crypto'
import type { Sql } from '@/lib/db/client'
import type { ThreadContent } from '@/lib/db/schema/conversation'
import { type HeardEvent, readWebhook } from '@/lib/instagram/webhook'
import { probe } from './probe'
import { type IngestRow, ingestRows, quarantine } from './sql/ingest'

/** The row that people see in the thread at once; echoes and the like are decided upon when they are applied. */
function threadRow(event: HeardEvent): IngestRow['message'] {
  const row = (content: ThreadContent, mid: string | null) => ({ content, mid })
  switch (event.type) {
    case 'message': {
      const { text, attachments, replyTo, chip, mid } = event
      return row({ type: 'heard', text, attachments, replyTo, isTap: chip !== null }, mid)
    }
    case 'postback':
      return row({ type: 'heard', text: event.title, attachments: [], replyTo: null, isTap: true }, event.mid)
    case 'unknown':
      return row({ type: 'unknown' }, null)
    default:
      return null
  }
}

/**
 * Takes a signed body in, durably: when this returns, everything readable in it is a committed event of its lane, once, and
 * everything else is in `delivery`. `onlyAccount`: see `ingestRows`. `receivedAt` is for Meta's missing times only.
 * @throws when the database did not commit; nothing is then stored, and Meta tries again.
 */
export async function ingest(sql: Sql, body: Uint8Array, onlyAccount: string | null, receivedAt = Date.now()): Promise<void> {
  const { heard, quarantined } = readWebhook(body, receivedAt)
  const rows = heard.map(({ accountId, igsid, event, dedupeKey }, ix) => ({
    ix,
    account_id: accountId,
    igsid,
    kind: event.type,
    payload: event,
    meta_ms: event.sentAt,
    dedupe_key: dedupeKey,
    chance: randomInt(2 ** 32),
    message: threadRow(event),
  }))
  probe('ingest:read')
  const known = rows.length > 0 ? await ingestRows(sql, rows, onlyAccount) : new Set<number>()
  const strangers = heard.flatMap(({ accountId, event }, ix) =>
    known.has(ix)
      ? []
      : [
          {
            accountId,
            verdict: 'unknown-account',
            reason: 'This account is not connected to this address.',
            body: JSON.stringify(event),
          },
        ],
  )
  const unread = quarantined.map(({ accountId, reason, element }) => ({
    accountId,
    verdict: 'quarantined',
    reason,
    body: element,
  }))
  await quarantine(sql, [...unread, ...strangers], onlyAccount)
  probe('ingest:committed')
}
