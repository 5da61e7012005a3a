import next from 'next'
import { database } from '@/lib/db/client'
import { answerWebhook, MAX_WEBHOOK_BYTES } from '@/lib/runtime/webhook-door'
import { live } from './child'
import { createFrontServer } from './front-server'

const isDevelopment = process.env.NODE_ENV === 'development'

async function start(): Promise<{ stop(): Promise<void> }> {
  const port = Number(process.env.PORT ?? 3000)
  const hostname = process.env.HOST ?? '127.0.0.1'
  // While developing, the door is Next's own route of the same function: it is the one that reloads.
  const front = createFrontServer({ door: isDevelopment ? null : answerWebhook, maxBytes: MAX_WEBHOOK_BYTES })
  // Before Next is ready, so that the port is ours while it prepares.
  await front.listen(port, hostname)
  // Given the server, Next listens for the sockets of its own hot reload.
  const app = next({ dev: isDevelopment, dir: process.cwd(), hostname, port, httpServer: front.server })
  await app.prepare()
  front.hand(app.getRequestHandler())
  return {
    async stop() {
      // A developing browser holds a socket open for ever, and Next its watchers; none of it is anybody's work.
      if (isDevelopment) return
      await front.drain()
      await app.close()
      await database().close()
    },
  }
}

await live({ name: 'web', start })
