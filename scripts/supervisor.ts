import { type ChildProcess, spawn } from 'node:child_process'
import { asProcessEnv, type Environment } from './environment.ts'
import { readableLog } from './readable-log.ts'

/** One process that is kept running. */
export interface ProcessPlan {
  name: string
  /** Arguments of this Node. */
  args: string[]
  env: Environment
  cwd: string
}

export interface Supervisor {
  /** Starts a process and keeps it running. */
  start(plan: ProcessPlan): void
  /** Ends a process and starts it anew at once, for new code. */
  restart(name: string): void
  /** Asks all to finish what they do (SIGTERM) and kills who takes longer than `drainMs`. */
  stop(): Promise<void>
  /** Kills all at once. */
  kill(): void
  /** How often each process was started again because it died. */
  restarts(name: string): number
  pid(name: string): number | undefined
}

export interface SupervisorOptions {
  say: (line: string) => void
  /** A process says that it does its work (IPC `{type: 'ready'}`); again after each restart. */
  onReady?: (name: string) => void
  drainMs?: number
  firstDelayMs?: number
  maxDelayMs?: number
  /** A process that lived this long is healthy again: the next delay is the first one. */
  healthyMs?: number
}

interface Kept {
  plan: ProcessPlan
  child: ChildProcess | null
  timer: NodeJS.Timeout | null
  delayMs: number
  bornAt: number
  restarts: number
  /** Asked for by us: not a death. */
  isRestarting: boolean
}

/**
 * Keeps processes running. Children are given an IPC channel: when the launcher is killed it closes, and they end by
 * themselves. Their stdout is ours; their logs (stderr) are passed on, made readable on a terminal.
 */
export function createSupervisor({
  say,
  onReady = () => {},
  drainMs = 10_000,
  firstDelayMs = 250,
  maxDelayMs = 10_000,
  healthyMs = 30_000,
}: SupervisorOptions): Supervisor {
  const all = new Map<string, Kept>()
  let stopping = false

  const launch = (kept: Kept): void => {
    kept.timer = null
    kept.bornAt = Date.now()
    const { name, args, env, cwd } = kept.plan
    const child = spawn(process.execPath, args, {
      cwd,
      env: asProcessEnv(env),
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      windowsHide: true,
    })
    kept.child = child
    child.stderr?.setEncoding('utf8')
    child.stderr?.pipe(readableLog(name)).pipe(process.stderr, { end: false })
    child.on('message', (message: { type?: string; reason?: string }) => {
      if (message?.type === 'ready') onReady(name)
      if (message?.type === 'failed' && message.reason) say(`${name}: ${message.reason}`)
    })
    child.once('error', (error) => {
      say(`${name} could not be started: ${error.message}`)
      if (child.pid === undefined) gone(kept, null, null)
    })
    child.once('exit', (code, signal) => gone(kept, code, signal))
  }

  const gone = (kept: Kept, code: number | null, signal: NodeJS.Signals | null): void => {
    kept.child = null
    if (stopping) return
    if (kept.isRestarting) {
      kept.isRestarting = false
      launch(kept)
      return
    }
    if (Date.now() - kept.bornAt >= healthyMs) kept.delayMs = firstDelayMs
    say(`${kept.plan.name} ended (${signal ?? `code ${code}`}); starting it again in ${kept.delayMs} ms`)
    kept.restarts++
    kept.timer = setTimeout(() => launch(kept), kept.delayMs)
    kept.delayMs = Math.min(kept.delayMs * 2, maxDelayMs)
  }

  const end = (kept: Kept, signal: NodeJS.Signals): Promise<void> => {
    const { child } = kept
    if (!child) return Promise.resolve()
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    return ended
  }

  return {
    start(plan) {
      const kept: Kept = { plan, child: null, timer: null, delayMs: firstDelayMs, bornAt: 0, restarts: 0, isRestarting: false }
      all.set(plan.name, kept)
      launch(kept)
    },
    restart(name) {
      const kept = all.get(name)
      if (!kept || stopping || kept.isRestarting) return
      if (kept.timer) {
        clearTimeout(kept.timer)
        return launch(kept)
      }
      const { child } = kept
      if (!child) return
      kept.isRestarting = true
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), drainMs)
      child.once('exit', () => clearTimeout(patience))
    },
    async stop() {
      stopping = true
      for (const { timer } of all.values()) if (timer) clearTimeout(timer)
      const patience = setTimeout(() => {
        for (const { child, plan } of all.values()) {
          if (!child) continue
          say(`${plan.name} did not finish within ${drainMs / 1000} s and is killed`)
          child.kill('SIGKILL')
        }
      }, drainMs)
      await Promise.all([...all.values()].map((kept) => end(kept, 'SIGTERM')))
      clearTimeout(patience)
    },
    kill() {
      stopping = true
      for (const { timer, child } of all.values()) {
        if (timer) clearTimeout(timer)
        child?.kill('SIGKILL')
      }
    },
    restarts: (name) => all.get(name)?.restarts ?? 0,
    pid: (name) => all.get(name)?.child?.pid,
  }
}
