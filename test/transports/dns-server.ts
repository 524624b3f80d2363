import { createSocket } from 'node:dgram'

export interface DnsServer {
  /** As `nodeLookup` takes it. */
  readonly server: string
  readonly questions: readonly string[]
  close(): Promise<void>
}

/** A name server on loopback. `resolve` gives the IPv4 addresses of a name, or nothing to stay silent; it is not asked for IPv6. */
export async function startDnsServer(resolve: (name: string) => readonly string[] | undefined): Promise<DnsServer> {
  const questions: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query)
    const type = query.readUInt16BE(end)
    const addresses = type === TYPE_A ? resolve(name) : []
    if (addresses === undefined) return
    if (type === TYPE_A) questions.push(name)
    const records = addresses.map(record)
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    header.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([header, query.subarray(12, end + 4), ...records]), port, address)
  })
  await new Promise<void>(listening => socket.bind(0, '127.0.0.1', listening))
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions,
    close: () => new Promise(closed => socket.close(() => closed())),
  }
}

const TYPE_A = 1

function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

/** Class IN, no time to live. */
function record(address: string): Buffer {
  return Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)])
}
