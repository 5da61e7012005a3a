import next from 'next'
import { listen } from './http-server'
import { beAsked } from './part'

/** A Next application of the folder DIR, built before, behind a server that does nothing else. */
let handle: ReturnType<ReturnType<typeof next>['getRequestHandler']> | null = null

const port = await listen((request, response) => {
  if (handle === null) return void response.writeHead(503).end()
  handle(request, response).catch((error: unknown) => {
    console.error(error)
    response.destroy()
  })
})
const app = next({ dev: false, dir: process.env.DIR, hostname: '127.0.0.1', port })
await app.prepare()
handle = app.getRequestHandler()
beAsked(port, async () => null)
