import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Bench } from './figure'

/** A process of the benchmark's own, beside those of the product. */
export interface Part {
  port: number
  /** @throws Error with the part's own words when it failed there. */
  ask: <Answer>(request: unknown) => Promise<Answer>
  stop: () => Promise<void>
}

type PartName = 'load' | 'bare' | 'graph' | 'next'
type FromPart = { type: 'ready'; port: number } | { type: 'answer'; id: number; answer?: unknown; error?: string }

/** Keeps a process that says nothing from holding the run up for ever. */
const READY_MS = 30_000
/** Of what it said, when it dies. */
const KEPT_CHARACTERS = 4_000

/** Starts `.build/bench-<name>.mjs` and resolves when it is ready; it is stopped when the run ends, if not before. */
export async function startPart(bench: Bench, name: PartName, env: Record<string, string> = {}): Promise<Part> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(bench.root, '.build', `bench-${name}.mjs`)], {
    cwd: bench.root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', LOG_LEVEL: 'warn', ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-KEPT_CHARACTERS)
    })
  }
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  let asked = 0
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      for (const { reject } of waiting.values()) reject(new Error(`${name} ended in the middle of its work:\n${said}`))
      waiting.clear()
      resolve()
    }),
  )
  const stop = async () => {
    // It holds nothing that it would have to finish.
    child.kill('SIGKILL')
    await ended
  }
  bench.atEnd(stop)

  const port = await new Promise<number>((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`${name} did not become ready:\n${said}`)), READY_MS)
    void ended.then(() => reject(new Error(`${name} ended before it was ready:\n${said}`)))
    child.on('message', (message: FromPart) => {
      if (message.type === 'ready') {
        clearTimeout(patience)
        resolve(message.port)
        return
      }
      const asker = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.error === undefined) asker?.resolve(message.answer)
      else asker?.reject(new Error(`${name}: ${message.error}`))
    })
  })

  return {
    port,
    ask: <Answer>(request: unknown) =>
      new Promise<Answer>((resolve, reject) => {
        const id = ++asked
        // Both sides of the channel are ours: an answer has the type that the request's own type says.
        waiting.set(id, { resolve: (answer) => resolve(answer as Answer), reject })
        child.send({ id, request })
      }),
    stop,
  }
}

/** The other end, in the process itself: says that it is ready, answers what it is asked, and goes when the benchmark goes. */
export function beAsked<Request>(port: number, answer: (request: Request) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches every process of a terminal; the benchmark ends its parts itself.
  process.on('SIGINT', () => {})
  process.on('message', ({ id, request }: { id: number; request: Request }) => {
    const reply = (message: object) => process.send?.({ type: 'answer', id, ...message })
    answer(request).then(
      (value) => reply({ answer: value }),
      (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.send?.({ type: 'ready', port })
}

/** Milliseconds of a clock that all processes of one machine share and nobody sets. */
export const clockMs = (): number => Number(process.hrtime.bigint()) / 1e6
