import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Served } from './suite.ts'

/** A listening server as the suite knows it. */
export function served(server: Server): Served {
  let read = 0
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => {
      open.delete(socket)
      read += socket.bytesRead
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    bytesRead: () => [...open].reduce((sum, socket) => sum + socket.bytesRead, read),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Listens on a free port of the loopback interface. */
export async function listen(server: Server): Promise<Served> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  return served(server)
}
