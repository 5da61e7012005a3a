import { connect, type Socket } from 'node:net'

/** One kept-alive HTTP connection with one request on its way at a time. */
export interface Connection {
  /** Resolves to the answer's status when all of the answer is there. */
  send: (request: string) => Promise<number>
  close: () => void
}

/** The length of a whole answer at the start of `text`, or null while some of it is missing. */
function answerLength(text: string): number | null {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return null
  const headers = text.slice(0, head).toLowerCase()
  const length = /\r\ncontent-length: (\d+)/.exec(headers)?.[1]
  if (length !== undefined) return text.length >= head + 4 + Number(length) ? head + 4 + Number(length) : null
  if (!headers.includes('\r\ntransfer-encoding: chunked')) return head + 4
  const end = text.startsWith('0\r\n\r\n', head + 4) ? head + 4 : text.indexOf('\r\n0\r\n\r\n', head) + 2
  return end < head + 4 ? null : end + 5
}

/**
 * A client made of a socket: on a machine with two cores a whole HTTP client would take as much from the server it measures
 * as the server itself. It reads what servers of Node answer, and nothing else.
 */
export async function openConnection(port: number): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.setEncoding('latin1')
  let received = ''
  let waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null
  const fail = (why: string) => {
    waiting?.reject(new Error(why))
    waiting = null
  }
  socket.on('data', (part: string) => {
    received += part
    const length = answerLength(received)
    if (length === null) return
    const status = Number(received.slice(9, 12))
    received = received.slice(length)
    const { resolve } = waiting ?? {}
    waiting = null
    resolve?.(status)
  })
  socket.on('error', (error) => fail(`the connection broke: ${error.message}`))
  socket.on('close', () => fail('the server closed the connection before it answered'))
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (!socket.destroyed) socket.write(request, 'latin1')
        else fail('the server closed the connection')
      }),
    close: () => socket.destroy(),
  }
}
