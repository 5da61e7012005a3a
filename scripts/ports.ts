import { createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A port that nobody else can take until `release()`, which is called just before the process that uses it starts. */
export interface ReservedPort {
  port: number
  release(): Promise<void>
}

interface PortWish {
  /** Of the setting, for the sentence: PORT or SANDBOX_PORT. */
  name: string
  /** Exactly this one; 0: any; null: the first free one from `from` on. */
  given: number | null
  from: number
  host: string
  /** How long the first choice may still be taken: the processes of a launcher that was killed are about to leave it. */
  patienceMs?: number
}

const TRIED = 100

/** @throws Error with one sentence that names the setting, when the port or the address cannot be had. */
export async function reservePort({ name, given, from, host, patienceMs = 0 }: PortWish): Promise<ReservedPort> {
  const wanted =
    given === null ? Array.from({ length: TRIED }, (_, index) => from + index).filter((port) => port <= 65_535) : [given]
  const until = Date.now() + patienceMs
  for (const port of wanted) {
    try {
      return await reserveWithin(port, host, port === wanted[0] ? until : 0)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
        throw new Error(
          `HOST is wrong: ${host} is not an address of this machine. Unset it to use 127.0.0.1, or use 0.0.0.0 for all.`,
        )
      }
      if (code === 'EACCES' && given !== null) {
        throw new Error(`${name} is wrong: only root may use port ${port}. Choose one above 1023, or unset it to use a free one.`)
      }
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    }
  }
  throw new Error(
    given === null
      ? `${name} is not set, and no port from ${from} to ${wanted.at(-1)} is free on ${host}. Set it to one that is.`
      : `${name} is wrong: port ${given} is taken on ${host}. Choose another one, or unset it to use a free one.`,
  )
}

/** Tries again until then, while somebody has the port. */
async function reserveWithin(port: number, host: string, until: number): Promise<ReservedPort> {
  for (;;) {
    try {
      return await reserve(port, host)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || Date.now() >= until) throw error
      await delay(50)
    }
  }
}

async function reserve(port: number, host: string): Promise<ReservedPort> {
  const server = createServer((socket) => socket.destroy())
  await listen(server, port, host)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      server.removeListener('error', reject)
      server.unref()
      resolve()
    })
  })
}

/** Whether only this machine can reach a host name or address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
