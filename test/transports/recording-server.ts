import { createServer, type Server, type Socket } from 'node:net'
import { answer, onRequest } from './raw-socket.ts'

interface RecordedRequest {
  readonly connection: number
  readonly text: string
}

/** A plain server on loopback that keeps every request word for word. */
export interface RecordingServer {
  readonly port: number
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  connections(): number
  openConnections(): number
  close(): Promise<void>
}

export interface RecordingOptions {
  readonly host?: string
  readonly create?: (listener: (socket: Socket) => void) => Server
  /** Default: 200 `ok`. */
  readonly respond?: (request: RecordedRequest, socket: Socket) => void
}

export async function startRecordingServer(options: RecordingOptions = {}): Promise<RecordingServer> {
  const { create = createServer, respond = (_request, socket) => void socket.write(answer(200, 'ok')) } = options
  const requests: RecordedRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = create(socket => {
    const connection = ++connections
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onRequest(socket, text => {
      const request = { connection, text }
      requests.push(request)
      respond(request, socket)
    })
  })
  await new Promise<void>(resolve => server.listen(0, options.host ?? '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    requests,
    connections: () => connections,
    openConnections: () => sockets.size,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
