import type { Ctx } from '@/lib/db/in-workspace'
import { ROLES, type Role } from '@/lib/db/schema/workspace'
import { AppError } from '@/lib/errors'

export { ROLES, type Role }

/** From least to most: each may do all that those before it may. */
const LADDER = ['viewer', 'agent', 'editor', 'admin', 'owner'] as const satisfies readonly Role[]

export const isAtLeast = (role: Role, needed: Role): boolean => LADDER.indexOf(role) >= LADDER.indexOf(needed)

/** @throws AppError forbidden, naming the role that is needed. */
export function requireRole(ctx: Pick<Ctx, 'role'>, needed: Role): void {
  if (!isAtLeast(ctx.role, needed))
    throw new AppError('forbidden', `This needs the role ${needed} or more; you have ${ctx.role}.`)
}
