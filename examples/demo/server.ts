import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeHandler, type RequestReceiver } from 'crm-webhooks/frameworks/node-http'

/** Serves each receiver at its path and below it (`<path>/health`), on a free port of this host. */
export async function listen(
  receivers: Readonly<Record<string, RequestReceiver>>,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const routes = Object.entries(receivers).map(([path, receiver]) => ({ path, handle: nodeHandler(receiver) }))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const route = routes.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
    if (route === undefined) response.writeHead(404).end()
    else void route.handle(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise(resolve => void server.close(() => resolve()).closeAllConnections()),
  }
}
