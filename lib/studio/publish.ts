import { and, desc, eq, max, sql } from 'drizzle-orm'
import { z } from 'zod'
import { requireRole } from '@/lib/accounts/role'
import type { Tx } from '@/lib/db/client'
import { type Ctx, inWorkspace } from '@/lib/db/in-workspace'
import { isStorable } from '@/lib/db/is-storable'
import { deployment, flowVersion } from '@/lib/db/schema/flow'
import { AppError } from '@/lib/errors'
import { PublishPolicy } from '@/lib/flow/event'
import type { FlowDocument } from '@/lib/flow/flow'
import { serialiseFlow } from '@/lib/flow/serialise'
import { accountsOf, checkContextOf } from './check-context'
import { checkDocument } from './check-draft'
import { compileProgram, lockAccounts } from './compile-program'
import { findFlow } from './find-flow'
import { readDocument } from './read-document'
import { tellMidFlow } from './tell-mid-flow'

export const PublishInput = z.strictObject({
  flowId: z.string(),
  /** Where it is to run. Left out: where it runs already. */
  accounts: z
    .array(z.string().regex(/^[\w-]{1,64}$/, 'is not an id of an account'))
    .min(1)
    .max(100)
    .optional(),
  /** The draft that was looked at; a newer one is refused. Left out: the draft as it is. */
  revision: z.int().min(1).optional(),
  /** What happens to people in the middle of an older version: they finish it, are moved where their node still exists, or restart. */
  policy: PublishPolicy.default('finish'),
  note: z.string().trim().max(500).refine(isStorable, 'holds a character that cannot be stored').nullish(),
})
export type PublishInput = z.input<typeof PublishInput>

export interface Published {
  version: number
  /** False: the draft is what the last version says, so no new one was made. */
  isNewVersion: boolean
  accounts: { accountId: string; programId: string; position: number }[]
  /** People in the middle of an older version who were told to move or restart. */
  told: number
}

/**
 * Freezes the draft as a version and lets it run on accounts, after those flows that run there already. Either all accounts
 * step through it afterwards or none does; people in the middle of an older version are told right after.
 * Publishing the same draft again makes no new version, and tells those whom a failure left out.
 * @throws AppError not-found · conflict · invalid, without an account · refused, with `findings`, when the checker finds errors
 */
export async function publish(ctx: Ctx, input: PublishInput): Promise<Published> {
  requireRole(ctx, 'editor')
  const wanted = PublishInput.parse(input)
  const published = await inWorkspace(ctx, (tx) => writeVersion(tx, ctx, wanted))
  if (wanted.policy === 'finish') return { ...published, told: 0 }
  const told = await tellMidFlow(ctx, {
    flow: wanted.flowId,
    version: published.version,
    policy: wanted.policy,
    accounts: published.accounts.map(({ accountId }) => accountId),
  })
  return { ...published, told }
}

async function writeVersion(tx: Tx, ctx: Ctx, wanted: z.output<typeof PublishInput>): Promise<Omit<Published, 'told'>> {
  const { workspaceId } = ctx
  const { flowId } = wanted
  const row = await findFlow(tx, ctx, flowId, 'update')
  if (wanted.revision !== undefined && wanted.revision !== row.draftRevision) {
    const current = { revision: row.draftRevision }
    throw new AppError('conflict', `The draft was changed; it is at revision ${row.draftRevision}. Look at it again.`, {
      current,
    })
  }
  const accounts = wanted.accounts ?? (await accountsOf(tx, ctx, flowId))
  if (accounts.length === 0) throw new AppError('invalid', 'Name the accounts the flow is to run on.')
  const known = await lockAccounts(tx, ctx, accounts)
  if (accounts.some((id) => !known.has(id))) throw new AppError('not-found', 'There is no such account.')
  const document = readDocument(row.draft)
  const { isPublishable, findings } = checkDocument(document, await checkContextOf(tx, ctx, flowId, accounts))
  if (!isPublishable) throw new AppError('refused', 'The flow has errors; mend them, then publish.', { findings })

  const { version, isNewVersion } = await freeze(tx, ctx, flowId, document, wanted.note ?? null)
  const deployed: Published['accounts'] = []
  for (const accountId of new Set(accounts)) {
    const [last] = await tx
      .select({ position: max(deployment.position) })
      .from(deployment)
      .where(and(eq(deployment.accountId, accountId), eq(deployment.workspaceId, workspaceId)))
    const [at] = await tx
      .insert(deployment)
      .values({ accountId, flowId, workspaceId, version, position: (last?.position ?? 0) + 1 })
      .onConflictDoUpdate({ target: [deployment.accountId, deployment.flowId], set: { version } })
      .returning({ position: deployment.position })
    deployed.push({ accountId, programId: await compileProgram(tx, ctx, accountId), position: at?.position ?? 0 })
  }
  return { version, isNewVersion, accounts: deployed }
}

async function freeze(tx: Tx, ctx: Ctx, flowId: string, document: FlowDocument, note: string | null) {
  const [last] = await tx
    .select({ version: flowVersion.version, document: flowVersion.document })
    .from(flowVersion)
    .where(and(eq(flowVersion.flowId, flowId), eq(flowVersion.workspaceId, ctx.workspaceId)))
    .orderBy(desc(flowVersion.version))
    .limit(1)
  if (last && serialiseFlow(readDocument(last.document)) === serialiseFlow(document))
    return { version: last.version, isNewVersion: false }
  const version = (last?.version ?? 0) + 1
  await tx.insert(flowVersion).values({
    flowId,
    version,
    workspaceId: ctx.workspaceId,
    document,
    note,
    publishedBy: ctx.actor.name,
    createdAt: sql`app_now()`,
  })
  return { version, isNewVersion: true }
}
