import { Agent, request } from 'node:http'
import { acmeRequest, dealUpdated } from '../../support/acme.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 200 })

/** Sends an event to a receiver once. The status; 0 when there was no answer. */
export function sendOnce(port: number, id: string): Promise<number> {
  const { headers, body } = acmeRequest(dealUpdated(id))
  return new Promise(resolve => {
    const outgoing = request(
      { host: '127.0.0.1', port, path: '/acme', method: 'POST', headers: headers as Record<string, string>, agent },
      answer => {
        answer.resume()
        answer.on('error', () => resolve(0))
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    outgoing.on('error', () => resolve(0))
    outgoing.end(body)
  })
}

/** Whether a status acknowledges an event: its sender forgets it then. */
export function isAcknowledged(status: number): boolean {
  return status >= 200 && status < 300
}
