import { log, reasonOf } from '@/lib/log'

interface Child {
  name: string
  /** Resolves when it does its work; what it returns ends it in good order. */
  start(): Promise<{ stop(): Promise<void> }>
}

/** A little longer than the launcher's patience, for when there is no launcher any more. */
const LAST_RESORT_MS = 12_000

/**
 * The life of a process under the launcher, or alone under another supervisor: says when it is ready, finishes its work on
 * SIGTERM, and ends when the launcher is gone. Ctrl-C reaches every process of a terminal; it is the launcher's to act on.
 */
export async function live({ name, start }: Child): Promise<void> {
  process.env.PARLEY_PROCESS ??= name
  let running: { stop(): Promise<void> } | null = null
  let isEnding = false

  const end = async (why: string): Promise<void> => {
    if (isEnding) return
    isEnding = true
    log.info('stopping', { process: name, why })
    setTimeout(() => process.exit(1), LAST_RESORT_MS).unref()
    try {
      await running?.stop()
      process.exit(0)
    } catch (error) {
      log.error('stop-failed', { process: name, reason: reasonOf(error) })
      process.exit(1)
    }
  }
  process.on('SIGTERM', () => void end('SIGTERM'))
  process.on('SIGINT', () => process.send || void end('SIGINT'))
  process.on('disconnect', () => void end('the launcher is gone'))

  try {
    running = await start()
    log.info('started', { process: name })
    process.send?.({ type: 'ready' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error('start-failed', { process: name, reason })
    if (process.send) process.send({ type: 'failed', reason }, () => process.exit(1))
    else process.exit(1)
  }
}
