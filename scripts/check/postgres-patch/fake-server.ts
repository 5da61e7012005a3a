import net from 'node:net'

/** What a query is answered with: nothing at all, one row and a suspended portal, a connection that goes away, or "done". */
type Answer = 'done' | 'silence' | 'suspend' | 'close' | 'terminate'

export interface FakeServer {
  port: number
  /** Every statement heard, with the number of the connection (from 1) it came on. */
  heard: { connection: number; text: string }[]
  /** How the next statements are answered; asked once a statement. */
  answer: (text: string) => Answer
  /** Whether the next connection is asked for a password before it is welcome. */
  isPasswordAsked: boolean
  /** Ends every connection from the server's side, as a stopping database does. */
  hangUp: () => void
  close: () => Promise<void>
}

const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type, 0)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => Buffer.from([0, 0, value >> 8, value & 255])
const text = (value: string) => Buffer.from(`${value}\0`)

const ready = (isInTransaction: boolean) => message('Z', Buffer.from(isInTransaction ? 'T' : 'I'))
const done = message('C', text('SELECT 0'))
const welcome = Buffer.concat([message('R', int32(0)), message('K', int32(7), int32(7)), ready(false)])
const passwordPlease = message('R', int32(3))
const terminated = message('E', text('SFATAL'), text('C57P01'), text('Mterminating connection'), Buffer.from([0]))
const oneColumn = message('T', int16(1), text('n'), int32(0), int16(0), int32(25), int16(1), int32(0), int16(0))
const oneRow = message('D', int16(1), int32(1), Buffer.from('1'))

/** Speaks just enough of PostgreSQL's protocol (version 3.0) for a driver to connect and ask, and to be let down on demand. */
export async function startFakeServer(): Promise<FakeServer> {
  const open = new Set<net.Socket>()
  let connections = 0

  const server = net.createServer((socket) => {
    const connection = ++connections
    let buffer = Buffer.alloc(0)
    let isWelcomed = false
    let isInTransaction = false
    let portal: Answer = 'done'
    let parameters = 0
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})

    const ask = (statement: string): Answer => {
      fake.heard.push({ connection, text: statement })
      if (/^begin/.test(statement)) isInTransaction = true
      if (/^(commit|rollback)/.test(statement)) isInTransaction = false
      const wanted = fake.answer(statement)
      if (wanted === 'close') socket.end()
      if (wanted === 'terminate') socket.end(terminated)
      return wanted
    }

    const handle = (type: string, body: Buffer): void => {
      if (type === 'Q') {
        if (ask(body.toString('utf8', 0, body.length - 1)) === 'done') socket.write(Buffer.concat([done, ready(isInTransaction)]))
      } else if (type === 'P') {
        const name = body.indexOf(0)
        const end = body.indexOf(0, name + 1)
        portal = ask(body.toString('utf8', name + 1, end))
        parameters = body.readInt16BE(end + 1)
        if (portal !== 'close' && portal !== 'terminate') socket.write(message('1'))
      } else if (portal === 'close' || portal === 'terminate' || portal === 'silence') {
        return
      } else if (type === 'D') {
        socket.write(Buffer.concat([message('t', int16(parameters), ...Array(parameters).fill(int32(25))), oneColumn]))
      } else if (type === 'B') {
        socket.write(message('2'))
      } else if (type === 'E') {
        socket.write(portal === 'suspend' ? Buffer.concat([oneRow, message('s')]) : done)
      } else if (type === 'S') {
        socket.write(ready(isInTransaction))
      } else if (type === 'X') {
        socket.end()
      }
    }

    socket.on('data', (bytes) => {
      buffer = Buffer.concat([buffer, bytes])
      if (!isWelcomed && buffer.length >= 4 && buffer.length >= buffer.readInt32BE(0)) {
        // Anything but a start-up message here is what the patch is about: bytes of the connection before.
        if (buffer.readInt32BE(4) !== 196608) {
          socket.destroy()
          return
        }
        buffer = buffer.subarray(buffer.readInt32BE(0))
        isWelcomed = true
        socket.write(fake.isPasswordAsked ? passwordPlease : welcome)
        fake.isPasswordAsked = false
      }
      while (isWelcomed && buffer.length >= 5 && buffer.length > buffer.readInt32BE(1)) {
        const length = buffer.readInt32BE(1)
        handle(String.fromCharCode(buffer[0] ?? 0), buffer.subarray(5, length + 1))
        buffer = buffer.subarray(length + 1)
      }
    })
  })

  const fake: FakeServer = {
    port: 0,
    heard: [],
    answer: () => 'done',
    isPasswordAsked: false,
    hangUp: () => {
      for (const socket of open) socket.end()
    },
    close: () => {
      for (const socket of open) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  fake.port = (server.address() as net.AddressInfo).port
  return fake
}
