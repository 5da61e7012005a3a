import { openDatabase } from '@/lib/db/client'
import { type Env, readEnv } from '@/lib/env'
import { engineTiming } from './timing'
import { startWorker as start } from './worker'

/** The worker as a process has it: settings from the environment, a pool of its own. */
export function startWorker(env: Env = readEnv()): { stop: () => Promise<void> } {
  // Loops, heartbeats and settles each want a connection at times; sends in flight hold none.
  const database = openDatabase(env.DATABASE_URL, { max: 10, name: 'parley worker' })
  const worker = start(database, { concurrency: env.WORKER_CONCURRENCY, timing: engineTiming(env.ENGINE_TIME_SCALE) })
  return {
    stop: async () => {
      await worker.stop()
      await database.close()
    },
  }
}
