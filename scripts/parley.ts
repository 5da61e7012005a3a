import { join } from 'node:path'
import { ZodError } from 'zod'
import { migrate } from '@/lib/db/migrate'
import { AppError } from '@/lib/errors'
import { type Command, CommandError, print, readArgs, say } from './commands/command'
import { flowCheck, flowExport, flowImport, flowRun } from './commands/flow'
import { apiKeyCreate, userCreate } from './commands/people'
import { withDatabase } from './runtime-info'

const migrateCommand: Command = {
  usage: 'migrate',
  run: async (args) => {
    readArgs(args, {})
    await withDatabase(
      async (url) => {
        await migrate(url, join(process.cwd(), 'drizzle'))
        print('The database is up to date.')
      },
      { say },
    )
  },
}

const commands: Record<string, Command> = {
  'user create': userCreate,
  'api-key create': apiKeyCreate,
  'flow check': flowCheck,
  'flow run': flowRun,
  'flow export': flowExport,
  'flow import': flowImport,
  migrate: migrateCommand,
}

const usage = () =>
  ['Usage: npm run parley -- <command>', '', ...Object.values(commands).map((command) => `  ${command.usage}`)].join('\n')

/** One sentence for what the person who typed it can mend; null for everything else. */
function sentenceFor(error: unknown): string | null {
  if (error instanceof CommandError || error instanceof AppError) return error.message
  if (error instanceof ZodError) return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  if (code === '42P01') return 'The database has not been migrated; run: npm run parley -- migrate'
  if (/^(ECONN|ENOTFOUND|CONNECT)/.test(code)) return `The database of DATABASE_URL does not answer (${code}).`
  if (/^(28|3D000)/.test(code)) return `The database of DATABASE_URL does not let us in (${code}).`
  // What the launcher's parts throw, such as of a setting or a file, are sentences; a bug is a TypeError or the like.
  if (code === '' && error instanceof Error && error.constructor === Error) return error.message
  return null
}

/** Returns the exit code: 0, 1 for what was asked wrongly or went wrong, 2 for a command that is not there. */
async function main(words: string[]): Promise<number> {
  const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((candidate) => Object.hasOwn(commands, candidate))
  const command = name === undefined ? undefined : commands[name]
  if (name === undefined || command === undefined) {
    const isHelp = words[0] === undefined || words[0] === 'help' || words[0] === '--help'
    if (words[0] === 'help' || words[0] === '--help') print(usage())
    else say(isHelp ? usage() : `There is no command "${words.slice(0, 2).join(' ')}".\n\n${usage()}`)
    return words[0] === 'help' || words[0] === '--help' ? 0 : 2
  }
  const args = words.slice(name.split(' ').length)
  if (args.includes('--help')) {
    print(`Usage: npm run parley -- ${command.usage}`)
    return 0
  }
  try {
    await command.run(args)
    return 0
  } catch (error) {
    const sentence = sentenceFor(error)
    say(sentence ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)))
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
