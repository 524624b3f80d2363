import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: number
  /** Lower-case names, as they were written. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Buffer
}

/** Writes requests byte by byte as a test says, and reads the answers to them. */
export interface RawConnection {
  readonly socket: Socket
  write(...parts: ReadonlyArray<string | Uint8Array>): void
  /** The next answer. Rejects when the connection ends before it is complete. */
  response(options?: { readonly bodiless?: boolean }): Promise<RawResponse>
  /** Resolves when the connection is closed, by whoever. */
  readonly closed: Promise<void>
}

export async function openConnection(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let received = Buffer.alloc(0)
  let ended = false
  let wake = (): void => {}
  const closed = new Promise<void>(resolve => {
    socket.on('close', () => {
      ended = true
      resolve()
      wake()
    })
  })
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  socket.on('error', () => {})
  await new Promise<void>(resolve => socket.once('connect', () => resolve()))
  return {
    socket,
    closed,
    write(...parts) {
      for (const part of parts) socket.write(part)
    },
    async response(options = {}) {
      for (;;) {
        const parsed = parseResponse(received, options.bodiless === true)
        if (parsed !== undefined) {
          received = received.subarray(parsed.length)
          if (parsed.response.status >= 200) return parsed.response
          continue
        }
        if (ended)
          throw new Error(`closed after ${received.length} bytes: ${received.toString('latin1').slice(0, 200)}`)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
  }
}

function parseResponse(bytes: Buffer, bodiless: boolean): { response: RawResponse; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const headers = lines.map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const status = Number(statusLine.split(' ')[1])
  const start = headEnd + 4
  const body = bodiless || status < 200 ? { bytes: Buffer.alloc(0), end: start } : parseBody(bytes, start, headers)
  return body && { response: { status, headers, body: body.bytes }, length: body.end }
}

function parseBody(
  bytes: Buffer,
  start: number,
  headers: RawResponse['headers'],
): { bytes: Buffer; end: number } | undefined {
  if (header(headers, 'transfer-encoding') === 'chunked') {
    const parts: Buffer[] = []
    for (let at = start; ; ) {
      const lineEnd = bytes.indexOf('\r\n', at)
      if (lineEnd === -1) return undefined
      const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
      const next = lineEnd + 2 + size + 2
      if (bytes.length < next) return undefined
      if (size === 0) return { bytes: Buffer.concat(parts), end: next }
      parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
      at = next
    }
  }
  const end = start + Number(header(headers, 'content-length') ?? 0)
  return bytes.length < end ? undefined : { bytes: bytes.subarray(start, end), end }
}

/** The only value of a header of an answer. */
export function header(headers: RawResponse['headers'], name: string): string | undefined {
  const values = headers.filter(([other]) => other === name).map(([, value]) => value)
  if (values.length > 1) throw new Error(`${name} was written ${values.length} times`)
  return values[0]
}

/** Sends one request on a connection of its own. */
export async function sendOnce(port: number, ...parts: ReadonlyArray<string | Uint8Array>): Promise<RawResponse> {
  const connection = await openConnection(port)
  connection.write(...parts)
  try {
    return await connection.response({ bodiless: String(parts[0]).startsWith('HEAD') })
  } finally {
    connection.socket.destroy()
  }
}

/** A body in chunked transfer coding. */
export function chunked(body: Uint8Array, size: number): Buffer {
  const parts: Uint8Array[] = []
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size)
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
