import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createApiKey } from '@/lib/accounts/api-keys'
import { createUser, findWorkspaces } from '@/lib/accounts/create-user'
import { ROLES, type Role } from '@/lib/accounts/role'
import { type Command, CommandError, ctxOf, findWorkspace, inDatabase, print, readArgs, required, say } from './command'

function roleFrom(value: string): Role {
  const role = ROLES.find((known) => known === value)
  if (!role) throw new CommandError(`There is no role "${value}"; there are ${ROLES.join(', ')}.`)
  return role
}

/** Typed without an echo. */
function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_part, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  process.stderr.write(question)
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => {
      lines.close()
      reject(new CommandError('Nothing was done.'))
    })
    lines.question('', (answer) => {
      lines.close()
      say('')
      resolve(answer)
    })
  })
}

async function readPassword(isOnStdin: boolean): Promise<string> {
  if (isOnStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!process.stdin.isTTY)
    throw new CommandError('There is nobody to ask for a password; give it on stdin with --password-stdin.')
  const password = await ask('Password (at least 10 characters): ')
  if ((await ask('Once more: ')) !== password) throw new CommandError('The two passwords differ; nothing was done.')
  return password
}

export const userCreate: Command = {
  usage: 'user create --email E --name N --workspace W [--role R] [--password-stdin]',
  run: async (args) => {
    const { values } = readArgs(args, {
      email: { type: 'string' },
      name: { type: 'string' },
      workspace: { type: 'string' },
      role: { type: 'string' },
      'password-stdin': { type: 'boolean', default: false },
    })
    const email = required(values.email, '--email')
    const name = required(values.name, '--name')
    const wanted = required(values.workspace, '--workspace')
    const role = values.role === undefined ? undefined : roleFrom(values.role)
    const password = await readPassword(values['password-stdin'])
    await inDatabase(async (database) => {
      const isThere = (await findWorkspaces(database.db, wanted)).length > 0
      if (isThere && role === undefined) {
        throw new CommandError(
          `There is a workspace "${wanted}" already; say with --role what they are to be in it, or choose another name.`,
        )
      }
      if (!isThere && role !== undefined && role !== 'owner') {
        throw new CommandError(`There is no workspace "${wanted}"; without --role it is made, and they own it.`)
      }
      const workspace = isThere ? { id: (await findWorkspace(database, wanted)).id, role: role ?? 'agent' } : { name: wanted }
      const made = await createUser(database.db, { email, name, password, workspace })
      print(`${email.toLowerCase()} is ${'role' in workspace ? workspace.role : 'owner'} of the workspace ${made.workspaceId}`)
    })
  },
}

export const apiKeyCreate: Command = {
  usage: 'api-key create --name N [--workspace W] [--role R]',
  run: async (args) => {
    const { values } = readArgs(args, {
      workspace: { type: 'string' },
      name: { type: 'string' },
      role: { type: 'string', default: 'admin' },
    })
    const name = required(values.name, '--name')
    const role = roleFrom(values.role)
    await inDatabase(async (database) => {
      const workspace = await findWorkspace(database, values.workspace)
      const { key } = await createApiKey(ctxOf(database, workspace.id), { name, role })
      say(`A key with the role ${role} in ${workspace.name}. It is shown this once:`)
      print(key)
    })
  },
}
