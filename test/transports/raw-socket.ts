import type { Socket } from 'node:net'

/** Calls back when a whole request has come in, each time. */
export function onRequest(socket: Socket, react: (request: string) => void): void {
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
      const request = text.slice(0, end)
      text = text.slice(end)
      react(request)
    }
  })
}

function endOfRequest(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const end = head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0)
  return text.length >= end ? end : undefined
}

/** A whole answer. */
export function answer(status: number, body: string, headers = ''): string {
  return `HTTP/1.1 ${status} Status\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** One chunk of a chunked body. */
export function chunked(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Writes a text byte by byte, with pauses. */
export function drip(socket: Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => {
    if (socket.writable && at < text.length) socket.write(text.charAt(at++))
    else clearInterval(timer)
  }, 50)
  socket.on('close', () => clearInterval(timer))
}

/** Writes for ever, as fast as the other side reads. */
export function flood(socket: Socket, data: string | Uint8Array): void {
  const pump = (): void => {
    if (!socket.writable) return
    if (socket.write(data)) setImmediate(pump)
    else socket.once('drain', pump)
  }
  pump()
}

/** Ends a connection with a reset. */
export function rst(socket: Socket): void {
  socket.resetAndDestroy()
}
