import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Transport, WebhookRequest } from 'crm-webhooks'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface LocalServer {
  readonly origin: string
  close(): Promise<void>
}

/** Stands in for somebody else's server, on a free port of this machine. `hang` never answers. */
export async function serve(
  answer: (request: WebhookRequest) => Answer | 'hang' | Promise<Answer | 'hang'>,
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    void toRequest(request).then(async received => {
      const given = await answer(received)
      if (given !== 'hang') response.writeHead(given.status, given.headers).end(given.body)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise(resolve => void server.close(() => resolve()).closeAllConnections()),
  }
}

async function toRequest(request: IncomingMessage): Promise<WebhookRequest> {
  const { method = '', url = '', headers } = request
  return { method, url, headers, body: await buffer(request) }
}

export const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body)

/** A transport that takes requests for these hosts to other origins: where Slack and Jira stand in examples. */
export function reroute(transport: Transport, origins: Readonly<Record<string, string>>): Transport {
  return {
    ...transport,
    send(request) {
      const { hostname, pathname, search } = new URL(request.url)
      const origin = origins[hostname]
      return transport.send(origin === undefined ? request : { ...request, url: origin + pathname + search })
    },
  }
}
