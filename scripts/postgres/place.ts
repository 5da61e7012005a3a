import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { identityOf, isRunning, type ProcessIdentity } from '../process-identity.ts'
import { findPostmaster, stopPostmaster } from './server.ts'

/** Where a database that runs as its own user keeps what it must reach. */
export const BINARIES_PARENT = '/var/lib/parley'

/**
 * The folder that holds data, passwords, port and log of the cluster at `dataDir`. For an ordinary user that is `dataDir`. As
 * root it is a folder under /var/lib/parley named after the project's path, and `dataDir` becomes a link to it.
 */
export function realFolder(dataDir: string, { asRoot, say }: { asRoot: boolean; say: (line: string) => void }): string {
  const link = resolve(dataDir)
  mkdirSync(dirname(link), { recursive: true, mode: 0o700 })
  if (!asRoot) {
    mkdirSync(link, { recursive: true, mode: 0o700 })
    return realpathSync(link)
  }
  const place = join(realpathSync(dirname(link)), 'postgres')
  const folder = join(BINARIES_PARENT, createHash('sha256').update(place).digest('hex').slice(0, 16))
  mkdirReadable(BINARIES_PARENT)
  const old = linkTarget(link)
  if (old && old !== folder && existsSync(old)) takeOverMoved(old, folder, say)
  mkdirReadable(folder)
  writeFileSync(join(folder, 'project'), place)
  if (old !== folder) {
    rmSync(link, { force: true })
    symlinkSync(folder, link)
  }
  return folder
}

function linkTarget(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return null
  if (stat.isSymbolicLink()) return readlinkSync(path)
  throw new Error(
    `${path} was made by an ordinary user, and PostgreSQL cannot run as root. Start Parley as that user, or move the folder away to begin anew.`,
  )
}

/** The project's folder was moved: its data moves with it. Was it copied, the data stays the original's and the copy begins anew. */
function takeOverMoved(old: string, folder: string, say: (line: string) => void): void {
  const owner = join(old, 'project')
  const original = existsSync(owner) ? readFileSync(owner, 'utf8') : null
  if (original && lstatSync(original, { throwIfNoEntry: false })) {
    say('this folder is a copy of another one: it gets a database of its own')
  } else if (!existsSync(folder)) {
    if (findPostmaster(join(old, 'data')))
      throw new Error(`The database of this folder, which was moved, still runs. Stop it first: its data is in ${old}.`)
    renameSync(old, folder)
  }
}

/** Whatever the umask: the database's user must be able to pass. */
function mkdirReadable(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
}

const PREFIX = 'parley-test-'

/** Whether everybody may pass through every folder above. */
function isTraversable(folder: string): boolean {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** A folder for a temporary cluster; those of processes that died without removing theirs are removed first. */
export async function makeTemporaryFolder(asRoot: boolean): Promise<{ folder: string; remove: () => void }> {
  if (asRoot) mkdirReadable(BINARIES_PARENT)
  const parents = asRoot ? [tmpdir(), '/var/tmp', BINARIES_PARENT] : [tmpdir()]
  const parent = parents.find((folder) => existsSync(folder) && (!asRoot || isTraversable(folder)))
  if (!parent) throw new Error('There is no temporary folder that the database could use; set TMPDIR to one.')
  await removeLeftovers(parent)
  const folder = mkdtempSync(join(realpathSync(parent), PREFIX))
  chmodSync(folder, asRoot ? 0o755 : 0o700)
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identityOf(process.pid)))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) }
}

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(parent, name)
    try {
      // Not ours: another user's tests, or a folder that is just being made.
      if (process.getuid && statSync(folder).uid !== process.getuid()) continue
      const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as ProcessIdentity
      if (isRunning(owner)) continue
      const data = join(folder, 'data')
      const postmaster = existsSync(data) ? findPostmaster(data) : null
      if (postmaster) await killLeftover(postmaster.pid, data)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    } catch {
      // Another process clears it away at the same time, or it has no owner yet; the next run looks again.
    }
  }
}

/** Nothing in it is worth an orderly end. */
async function killLeftover(pid: number, data: string): Promise<void> {
  if (process.platform !== 'win32') process.kill(pid, 'SIGQUIT')
  await stopPostmaster(pid, { data, binaries: { folder: '', version: '', initdb: '', postgres: '' } })
}
