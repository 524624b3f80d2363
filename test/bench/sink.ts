import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Where benchmarks send to, in a process of its own. `/ok…` answers 200 at once, `/hang…` never; its port is the first
 * line it writes.
 */
const server = createServer((request, response) => {
  request.resume()
  if (request.url?.startsWith('/hang') !== true) request.on('end', () => response.end('ok'))
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
