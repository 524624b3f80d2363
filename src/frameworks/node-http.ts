import { fromNodeRequest, type NodeRequest, nodeOrigin } from './request/node-request.ts'
import { type NodeResponse, writeAnswer } from './request/node-response.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'
import type { ParsedBody } from './request/parsed-body.ts'

export type { AdapterOptions, NodeRequest, NodeResponse, ParsedBody, RequestReceiver }

/**
 * Serves a receiver from `node:http`, `node:https` or `node:http2` (compatibility API), and from anything that hands
 * over Node's request and response, such as Connect.
 *
 * The exact bytes and repeated headers are kept. The answer to a body that is too large or too slow closes the
 * connection. The promise never rejects.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * const handle = nodeHandler(receiver)
 * createServer((request, response) => void handle(request, response)).listen(3000)
 */
export function nodeHandler(
  receiver: RequestReceiver,
  options: AdapterOptions = {},
): (request: NodeRequest & ParsedBody, response: NodeResponse) => Promise<void> {
  const buildUrl = checkAdapter('nodeHandler', receiver, options)
  return async (request, response) => {
    const url = buildUrl(request.url, ...nodeOrigin(request))
    const answer = await receiver.receive(fromNodeRequest(request, { url, parsed: request, fix: FIX }))
    writeAnswer(request, response, answer)
  }
}

const FIX =
  'Something read the request body before the webhook receiver: call nodeHandler first, on the untouched request, or leave the bytes in request.rawBody (Buffer).'
