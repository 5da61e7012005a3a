import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { type CheckContext, checkFlow, type Finding } from '@/lib/flow/check'
import { accountsOf, checkContextOf, settingsOf } from './check-context'
import { findFlow } from './find-flow'
import { readDocument } from './read-document'

export interface Checked {
  /** False: an error stands in the way of publishing. */
  isPublishable: boolean
  findings: Finding[]
}

/** Checks a document that is stored nowhere. @throws AppError invalid */
export function checkDocument(json: unknown, context: CheckContext = {}): Checked {
  const findings = checkFlow(readDocument(json), context)
  return { isPublishable: findings.every((finding) => finding.severity !== 'error'), findings }
}

/** The same, by the workspace's settings. @throws AppError invalid */
export async function checkForWorkspace(ctx: Ctx, json: unknown): Promise<Checked> {
  return checkDocument(json, { settings: await inWorkspace(ctx, (tx) => settingsOf(tx, ctx)) })
}

/** What must be mended before the draft can be published where it runs, and what had better be. @throws AppError not-found */
export function checkDraft(ctx: Ctx, flowId: string): Promise<Checked> {
  return inWorkspace(ctx, async (tx) => {
    const { draft } = await findFlow(tx, ctx, flowId)
    return checkDocument(draft, await checkContextOf(tx, ctx, flowId, await accountsOf(tx, ctx, flowId)))
  })
}
