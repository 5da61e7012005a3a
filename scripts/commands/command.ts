import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { findWorkspaces } from '@/lib/accounts/create-user'
import { type Database, openDatabase } from '@/lib/db/client'
import type { Ctx } from '@/lib/db/in-workspace'
import { withDatabase } from '../runtime-info'

/** Something the person who typed the command can mend, in one sentence. */
export class CommandError extends Error {}

/** One command: what it is called with, and what it does. Answers go to stdout, everything else to stderr. */
export interface Command {
  usage: string
  run: (args: string[]) => Promise<void>
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`)
export const say = (text: string): void => void process.stderr.write(`${text}\n`)

/**
 * `words`: how many may stand there without an option. One more is most often the rest of a name without quotes.
 * @throws CommandError for an option that is not there, and for a word too many.
 */
export function readArgs<T extends ParseArgsOptionsConfig>(args: string[], options: T, words = 0) {
  const parsed = parse(args, options)
  const more = parsed.positionals[words]
  if (more !== undefined) throw new CommandError(`"${more}" is one word too many; put what has spaces in it in quotes.`)
  return parsed
}

function parse<T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new CommandError(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error))
  }
}

/** @throws CommandError */
export function required(value: string | undefined, name: string): string {
  if (value === undefined || value.trim() === '') throw new CommandError(`${name} is missing.`)
  return value
}

/** The database Parley uses here, for as long as `work` takes. */
export function inDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  return withDatabase(
    async (url) => {
      const database = openDatabase(url, { max: 2, name: 'parley command' })
      try {
        return await work(database)
      } finally {
        await database.close()
      }
    },
    { say },
  )
}

/** A workspace by name or id, or the only one there is. @throws CommandError when that is none, or several. */
export async function findWorkspace(database: Database, idOrName: string | undefined): Promise<{ id: string; name: string }> {
  const found = await findWorkspaces(database.db, idOrName)
  const [first, second] = found
  if (!first) {
    throw new CommandError(
      idOrName === undefined
        ? 'There is no workspace yet; make one with "user create".'
        : `There is no workspace "${idOrName}"; "user create" makes one.`,
    )
  }
  if (second) {
    const list = found.map(({ id, name }) => `${name} (${id})`).join(', ')
    throw new CommandError(`There are several workspaces: ${list}. Name one by its id with --workspace.`)
  }
  return first
}

/** Whoever has the machine has every right on it. */
export const ctxOf = ({ db }: Pick<Database, 'db'>, workspaceId: string): Ctx => ({
  db,
  workspaceId,
  actor: { type: 'api-key', id: 'command-line', name: 'command line' },
  role: 'owner',
})
