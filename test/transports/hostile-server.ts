import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { freePort } from '../support/free-port.ts'
import { answer, chunked, drip, flood, onRequest, rst } from './raw-socket.ts'

/** What a client may make of a behaviour: a status, or the code of a failure. */
export type Expectation = number | string

/** A server that does something that no good server does. */
export interface HostileBehaviour {
  /** Default `http`. */
  readonly scheme?: 'http' | 'https'
  /** Nobody listens at all. */
  readonly refuses?: boolean
  /** Bytes of the request's body that bring it out. Default 100. */
  readonly requestBytes?: number
  readonly expected: readonly Expectation[]
  /** `connection` counts from 1. */
  connect?(socket: Socket, connection: number): void
}

const afterRequest = (react: (socket: Socket) => void) => ({
  connect: (socket: Socket) => onRequest(socket, () => react(socket)),
})
const sending = (...texts: ReadonlyArray<string | Uint8Array>) =>
  afterRequest(socket => {
    for (const text of texts) socket.write(text)
  })

const OK_CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

const connectionBehaviours = {
  refuse: { refuses: true, expected: ['connection_refused'] },
  silent: { expected: ['timeout'], connect: () => {} },
  'close at once': { expected: ['connection_reset'], connect: socket => socket.destroy() },
  'reset before reading': { expected: ['connection_reset'], connect: rst },
  'reset while reading': {
    expected: ['connection_reset'],
    requestBytes: 1_000_000,
    connect: socket => socket.once('data', () => rst(socket)),
  },
  'reset after reading': { expected: ['connection_reset'], ...afterRequest(rst) },
  'half-close': { expected: ['connection_reset'], ...afterRequest(socket => socket.end()) },
  'read a byte at a time': {
    expected: ['timeout'],
    requestBytes: 8_000_000,
    connect: socket => {
      socket.pause()
      const timer = setInterval(() => void socket.read(1), 50)
      socket.on('close', () => clearInterval(timer))
    },
  },
  'never read': { expected: ['timeout'], requestBytes: 8_000_000, connect: socket => socket.pause() },
  'answer before the body': {
    expected: [200],
    requestBytes: 8_000_000,
    connect: socket => {
      socket.once('data', () => {
        socket.pause()
        socket.write(answer(200, 'early'))
      })
    },
  },
  garbage: { expected: ['malformed_response'], ...sending(new Uint8Array(512).fill(0x9d)) },
  'HTTP/0.9': { expected: ['malformed_response'], ...sending('<html>hello</html>\r\n') },
  'HTTP/2 preface': {
    expected: ['malformed_response'],
    connect: socket => void socket.write(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0])),
  },
  'TLS handshake stall': { scheme: 'https', expected: ['timeout'], connect: () => {} },
  'plain text on TLS': {
    scheme: 'https',
    expected: ['tls_failed'],
    connect: socket => socket.once('data', () => socket.write(answer(200, 'plain'))),
  },
} satisfies Record<string, HostileBehaviour>

const headerBehaviours = {
  'headers a byte at a time': { expected: ['timeout'], ...afterRequest(socket => drip(socket, answer(200, 'slow'))) },
  'a megabyte of headers': {
    expected: ['malformed_response'],
    ...sending(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(1_000_000)}\r\n\r\n`),
  },
  'ten thousand headers': {
    expected: ['malformed_response'],
    ...sending(`HTTP/1.1 200 OK\r\n${Array.from({ length: 10_000 }, (_, i) => `x-${i}: 1\r\n`).join('')}\r\n`),
  },
  'invalid header name': {
    expected: ['malformed_response'],
    ...sending('HTTP/1.1 200 OK\r\nbad name\u0001: x\r\ncontent-length: 0\r\n\r\n'),
  },
  'two content-lengths': {
    expected: ['malformed_response'],
    ...sending('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk'),
  },
  'length and chunked': {
    expected: ['malformed_response'],
    ...sending('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
  },
  'endless 1xx': {
    expected: ['malformed_response'],
    ...afterRequest(socket => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10))),
  },
  'switch protocols': {
    expected: ['malformed_response'],
    ...sending('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
  },
  'status 000': { expected: [0, 'malformed_response'], ...sending('HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n') },
  'status 099': {
    expected: [99, 'malformed_response', 'timeout'],
    ...sending('HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n'),
  },
  'status 999': { expected: [999, 'malformed_response'], ...sending('HTTP/1.1 999 High\r\ncontent-length: 0\r\n\r\n') },
  'reason with escapes': {
    expected: [200, 'malformed_response'],
    ...sending('HTTP/1.1 200 \u001b[31m<script>alert(1)</script>\r\ncontent-length: 0\r\n\r\n'),
  },
  'cookie flood': {
    expected: ['malformed_response'],
    ...sending(`HTTP/1.1 200 OK\r\n${'set-cookie: a=b; path=/\r\n'.repeat(5000)}content-length: 0\r\n\r\n`),
  },
} satisfies Record<string, HostileBehaviour>

const bodyBehaviours = {
  'endless chunks': {
    expected: [200],
    ...afterRequest(socket => {
      socket.write(OK_CHUNKED)
      flood(socket, chunked('x'.repeat(16_384)))
    }),
  },
  'ten gigabytes declared': {
    expected: [200],
    ...afterRequest(socket => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n')
      flood(socket, 'x'.repeat(16_384))
    }),
  },
  'body a byte at a time': {
    expected: ['timeout'],
    ...afterRequest(socket => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n')
      drip(socket, 'x'.repeat(100))
    }),
  },
  'chunk size overflow': { expected: ['malformed_response'], ...sending(OK_CHUNKED, `${'f'.repeat(32)}\r\nx\r\n`) },
  'missing last chunk': {
    expected: ['connection_reset'],
    ...afterRequest(socket => socket.end(OK_CHUNKED + chunked('half'))),
  },
  'short body': {
    expected: ['connection_reset', 'malformed_response'],
    ...afterRequest(socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort')),
  },
  '204 with a body': {
    expected: [204, 'malformed_response'],
    ...sending('HTTP/1.1 204 No Content\r\n\r\nthis should not be here'),
  },
  'gzip bomb': {
    expected: [200],
    ...sending(
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n',
      chunked(gzipSync(new Uint8Array(20_000_000))),
      '0\r\n\r\n',
    ),
  },
  'a thousand encodings': {
    expected: [200],
    ...sending(
      `HTTP/1.1 200 OK\r\ncontent-encoding: ${Array.from({ length: 1000 }, () => 'gzip').join(', ')}\r\ncontent-length: 2\r\n\r\nok`,
    ),
  },
  'not UTF-8': {
    expected: [200],
    ...sending('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n', new Uint8Array([255, 254, 128])),
  },
  NULs: { expected: [200], ...sending('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\0\0\0\0') },
  script: { expected: [200], ...sending(answer(200, '<script>alert(document.cookie)</script>')) },
  'second answer': { expected: [200], ...sending(answer(200, 'first') + answer(200, 'unsolicited')) },
  'second answer later': {
    expected: [200],
    ...afterRequest(socket => {
      socket.write(answer(200, 'first'))
      setTimeout(() => socket.writable && socket.write(answer(200, 'unsolicited')), 20)
    }),
  },
  trailers: { expected: [200], ...sending(`${OK_CHUNKED}${chunked('ok')}0\r\nx-trailer: 1\r\n\r\n`) },
  'a length among the trailers': {
    expected: [200, 'malformed_response'],
    ...sending(`${OK_CHUNKED}${chunked('ok')}0\r\ncontent-length: 9\r\n\r\n`),
  },
} satisfies Record<string, HostileBehaviour>

const semanticBehaviours = {
  'too late': {
    expected: ['timeout'],
    ...afterRequest(socket => {
      const timer = setTimeout(() => socket.end(answer(200, 'late')), 5_000)
      socket.on('close', () => clearTimeout(timer))
    }),
  },
  'throttled by seconds': { expected: [429], ...sending(answer(429, '', 'retry-after: 120\r\n')) },
  'throttled by date': {
    expected: [503],
    ...sending(answer(503, '', 'retry-after: Wed, 21 Oct 2037 07:28:00 GMT\r\n')),
  },
  'throttled by nonsense': { expected: [429], ...sending(answer(429, '', 'retry-after: 1e9\r\n')) },
  challenge: { expected: [401], ...sending(answer(401, '', 'www-authenticate: Basic realm="x"\r\n')) },
  gone: { expected: [410], ...sending(answer(410, 'gone')) },
  'redirect loop': { expected: [302], ...sending(answer(302, '', 'location: /\r\n')) },
  'redirect to metadata': {
    expected: [307],
    ...sending(answer(307, '', 'location: http://169.254.169.254/latest/meta-data/\r\n')),
  },
  'foreign host': { expected: [200], ...sending(answer(200, 'ok', 'host: other.example\r\n')) },
  'reset every other': {
    expected: [200, 'connection_reset'],
    connect: (socket, connection) =>
      onRequest(socket, () =>
        connection % 2 === 0 ? rst(socket) : socket.end(answer(200, 'ok', 'connection: close\r\n')),
      ),
  },
  'slow every other': {
    expected: [200, 'timeout'],
    connect: (socket, connection) =>
      onRequest(socket, () =>
        connection % 2 === 0 ? drip(socket, answer(200, 'ok')) : socket.end(answer(200, 'ok', 'connection: close\r\n')),
      ),
  },
} satisfies Record<string, HostileBehaviour>

/** Everything that an endpoint can do to its sender, by name. */
export const HOSTILE_BEHAVIOURS: Readonly<Record<string, HostileBehaviour>> = {
  ...connectionBehaviours,
  ...headerBehaviours,
  ...bodyBehaviours,
  ...semanticBehaviours,
}

/** A hostile server on loopback. */
export interface HostileServer {
  readonly url: string
  readonly behaviour: HostileBehaviour
  /** Connections that carried a request or a part of one. */
  usedConnections(): number
  /** Bytes that it got rid of. */
  bytesSent(): number
  close(): Promise<void>
}

/** Starts a server that behaves as named. */
export async function startHostileServer(name: string): Promise<HostileServer> {
  const behaviour = HOSTILE_BEHAVIOURS[name]
  if (behaviour === undefined) throw new Error(`no hostile behaviour ${name}`)
  const sockets = new Set<Socket>()
  let closedBytes = 0
  let closedUsed = 0
  let connections = 0
  const isUsed = (socket: Socket): boolean => socket.bytesRead > 0
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      closedBytes += socket.bytesWritten
      if (isUsed(socket)) closedUsed++
      sockets.delete(socket)
    })
    behaviour.connect?.(socket, ++connections)
  })
  const port = await freePort()
  if (!behaviour.refuses) await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `${behaviour.scheme ?? 'http'}://127.0.0.1:${port}/`,
    behaviour,
    usedConnections: () => [...sockets].filter(isUsed).length + closedUsed,
    bytesSent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, closedBytes),
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
