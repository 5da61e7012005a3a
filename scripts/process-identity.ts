import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that can be told from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number
  /** Opaque; compared as text. */
  startTime: string
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return stateOf(pid) !== 'Z'
}

/** The fields of /proc/<pid>/stat after the command's name, which may itself contain spaces and brackets. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** A zombie still takes signals, though nothing of it runs. Null where the system has no /proc. */
const stateOf = (pid: number): string | null => statOf(pid)?.[0] ?? null

/** When a live process began: ticks since boot on Linux, a date elsewhere. Null when it cannot be told. */
export function startTimeOf(pid: number): string | null {
  const ticks = statOf(pid)?.[19]
  if (ticks) return ticks
  if (process.platform === 'linux' || process.platform === 'win32') return null
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      }).trim() || null
    )
  } catch {
    return null
  }
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid) ?? '' }
}

/** Whether this very process still runs, not another that was given its number. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return isAlive(pid) && (startTimeOf(pid) ?? '') === startTime
}
