import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeBody, type PresetRequest, type PresetResponse } from '../../../src/presets/preset.ts'
import type { Target, TargetAnswer } from './targets.ts'

/** A server on loopback that plays a target, and a way to send a preset's request to it. */
export interface TargetServer {
  /** Sends the request to this server instead of the host that it names. */
  send(request: PresetRequest, target: Target): Promise<PresetResponse>
  close(): Promise<void>
}

export async function startTargetServer(): Promise<TargetServer> {
  let current: Target = () => ({ status: 404 })
  const server = createServer((incoming, outgoing) => {
    readAll(incoming).then(
      text => {
        const answer = reply(current, incoming, text)
        const body =
          typeof answer.body === 'string' ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body)
        outgoing.writeHead(answer.status, answer.headers).end(body)
      },
      () => outgoing.destroy(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    async send(request, target) {
      current = target
      const response = await fetch(onLoopback(request.url, server), {
        method: request.method,
        headers: { ...request.headers, 'content-type': request.contentType },
        body: encodeBody(request),
        redirect: 'manual',
      })
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
}

function reply(target: Target, incoming: IncomingMessage, text: string): TargetAnswer {
  const headers: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return { status: 400, body: 'not JSON' }
  }
  return target({ method: incoming.method ?? '', path: incoming.url ?? '', headers, body })
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString('utf8')
}

function onLoopback(url: string, server: Server): string {
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}
