import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '@/lib/db/client'
import { inWorkspace } from '@/lib/db/in-workspace'
import { member, ROLES, user, workspace } from '@/lib/db/schema/workspace'
import { AppError } from '@/lib/errors'
import { hashPassword } from './password'

export const CreateUserInput = z.strictObject({
  email: z
    .email('is not an e-mail address')
    .max(254)
    .transform((email) => email.toLowerCase()),
  name: z.string().trim().min(1).max(100),
  password: z.string().min(10, 'must have at least 10 characters').max(1024),
  /** A new workspace that they will own, or an existing one and what they are there. */
  workspace: z.union([
    z.strictObject({ name: z.string().trim().min(1).max(100) }),
    z.strictObject({ id: z.uuid(), role: z.enum(ROLES) }),
  ]),
})
export type CreateUserInput = z.input<typeof CreateUserInput>

/**
 * A person who can sign in, with their own workspace or as a member of one. All or nothing.
 * Who may call it is the caller's to decide: the command line, the first start, an invitation.
 * @throws AppError conflict when the e-mail is taken, not-found when the workspace is not there.
 */
export async function createUser(db: Db, input: CreateUserInput): Promise<{ userId: string; workspaceId: string }> {
  const wanted = CreateUserInput.parse(input)
  const passwordHash = await hashPassword(wanted.password)
  const workspaceId = 'id' in wanted.workspace ? wanted.workspace.id : randomUUID()
  return inWorkspace({ db, workspaceId }, async (tx) => {
    if ('name' in wanted.workspace) {
      await tx.insert(workspace).values({ id: workspaceId, name: wanted.workspace.name })
    } else {
      const [found] = await tx.select({ id: workspace.id }).from(workspace).where(eq(workspace.id, workspaceId))
      if (!found) throw new AppError('not-found', 'There is no such workspace.')
    }
    const [row] = await tx
      .insert(user)
      .values({ email: wanted.email, name: wanted.name, passwordHash })
      .onConflictDoNothing()
      .returning({ id: user.id })
    if (!row) throw new AppError('conflict', `There is already a user with the e-mail ${wanted.email}.`)
    const role = 'role' in wanted.workspace ? wanted.workspace.role : 'owner'
    await tx.insert(member).values({ workspaceId, userId: row.id, role })
    return { userId: row.id, workspaceId }
  })
}

/** Workspaces by id or by name, which several may share; all without one. For the command line, which stands above them. */
export async function findWorkspaces(db: Db, idOrName?: string): Promise<{ id: string; name: string }[]> {
  const { id, name } = workspace
  return db
    .select({ id, name })
    .from(workspace)
    .where(idOrName === undefined ? undefined : sql`${id}::text = ${idOrName} or ${name} = ${idOrName}`)
    .orderBy(workspace.createdAt)
}
