import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface Process {
  readonly name: string
  /** Resolves when the process says that it is ready. Starts it anew after it ended. */
  start: (extra?: Record<string, string>) => Promise<void>
  /** SIGKILL: it has no say in it. */
  kill: () => Promise<void>
  /** SIGTERM, and it finishes what it has in hand. */
  stop: () => Promise<void>
  /** Resolves when it ended, whoever did it. */
  ended: () => Promise<void>
  isRunning: () => boolean
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** One process of the production build, as `npm start` runs it: `web`, `worker` or `sandbox`. */
export function processOf(name: 'web' | 'worker' | 'sandbox', env: Record<string, string>): Process {
  const bundle = join(root, '.build', `${name}.mjs`)
  let child: ChildProcess | undefined
  let said = ''
  let end: Promise<void> = Promise.resolve()

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null

  async function start(extra: Record<string, string> = {}): Promise<void> {
    if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run "npm run build" first.`)
    said = ''
    const started = spawn(process.execPath, ['--import', join(root, 'e2e', 'crash-at.mjs'), bundle], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NODE_ENV: 'production', LOG_LEVEL: 'warn', ...env, ...extra },
    })
    child = started
    const keep = (part: Buffer) => {
      said = (said + part.toString()).slice(-8_000)
    }
    started.stdout?.on('data', keep)
    started.stderr?.on('data', keep)
    end = new Promise((resolve) => started.once('close', () => resolve()))
    await new Promise<void>((resolve, reject) => {
      started.on('message', (message) => {
        const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : null
        if (type === 'ready') resolve()
        if (type === 'failed') reject(new Error(`${name} did not start:\n${said}`))
      })
      started.once('close', () => reject(new Error(`${name} ended before it was ready:\n${said}`)))
    })
  }

  const signal = async (sign: NodeJS.Signals) => {
    if (isRunning()) child?.kill(sign)
    await end
  }
  return { name, start, kill: () => signal('SIGKILL'), stop: () => signal('SIGTERM'), ended: () => end, isRunning }
}
