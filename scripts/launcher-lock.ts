import { linkSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts'

/** Who has a project's folder: `npm start` and `npm run dev`, or a command that started the database for itself. */
export interface LockHolder extends ProcessIdentity {
  kind: 'launcher' | 'command'
  /** The folder it holds: a copied folder has the lock file of the original in it, which holds nothing here. */
  folder: string
}

export interface Lock {
  release(): void
}

/** Takes the lock, from a dead holder too; answers with the holder when a live one has it. */
export function takeLock(file: string, kind: LockHolder['kind']): Lock | LockHolder {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const mine = `${file}.${process.pid}`
  const folder = realpathSync(dirname(file))
  const text = JSON.stringify({ ...identityOf(process.pid), kind, folder } satisfies LockHolder)
  writeFileSync(mine, text, { mode: 0o600 })
  try {
    for (;;) {
      try {
        // A link is made whole or not at all: nobody ever reads half a lock.
        linkSync(mine, file)
        return { release: () => readText(file) === text && rmSync(file, { force: true }) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const there = readText(file)
      const holder = there === null ? null : parseHolder(there)
      if (holder && holder.folder === folder && isRunning(holder)) return holder
      if (there !== null) removeIfStill(file, there)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Two may find the same dead lock: whoever moved away a newer one instead puts it back. */
function removeIfStill(file: string, stale: string): void {
  const aside = `${file}.stale-${process.pid}`
  try {
    renameSync(file, aside)
    if (readText(aside) !== stale) linkSync(aside, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

export const isHolder = (taken: Lock | LockHolder): taken is LockHolder => 'pid' in taken

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    return JSON.parse(text) as LockHolder
  } catch {
    return null
  }
}
