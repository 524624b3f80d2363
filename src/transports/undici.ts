import { type Clock, systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { AddressGuard } from './address-guard.ts'
import { CappedBody } from './exchange/capped-body.ts'
import { checkGuard, checkTransportOptions } from './exchange/check-options.ts'
import { Exchanges } from './exchange/exchanges.ts'
import { interimCounter } from './exchange/interim-answers.ts'
import { OwnedDispatchers, type UndiciAgent, type UndiciModule } from './exchange/owned-dispatchers.ts'
import { pinnedLookup } from './exchange/pinned-lookup.ts'
import type { Settlement } from './exchange/settle.ts'
import { DEFAULT_MAX_RESPONSE_BYTES, type Transport, type TransportRequest } from './transport.ts'

export type { UndiciAgent, UndiciModule }

/** Options of {@link undiciTransport}. */
export interface UndiciTransportOptions {
  /** The module: `import * as undici from 'undici'`. Versions 7.28 and later, and 8. */
  readonly undici: UndiciModule
  /** Where requests may go: `createAddressGuard({ lookup: nodeLookup() })`. */
  readonly guard: AddressGuard
  /** How long an unused connection is kept, in milliseconds. Default 4,000. */
  readonly idleTimeoutMs?: number
  /** For how many owners connections are kept; the one that was quiet the longest loses its first. Default 500. */
  readonly maxOwners?: number
  /** Default: the system clock. */
  readonly clock?: Clock
}

/**
 * The transport over undici: the same guarantees as `nodeTransport`, with less work per request. Time limits are the
 * transport's own and exact; undici's are coarse and switched off.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * import * as undici from 'undici'
 * const transport = undiciTransport({ undici, guard: createAddressGuard({ lookup: nodeLookup() }) })
 */
export function undiciTransport(options: UndiciTransportOptions): Transport {
  checkTransportOptions('undiciTransport', options, ['undici', 'guard', 'idleTimeoutMs', 'maxOwners', 'clock'])
  const { undici, guard, clock = systemClock } = options
  if (typeof undici?.Agent !== 'function') {
    throw new WebhookError(
      'invalid_option',
      "undiciTransport: undici must be the module: import * as undici from 'undici'",
      {
        argument: 'undici',
      },
    )
  }
  checkGuard('undiciTransport', guard)
  const dispatchers = new OwnedDispatchers({
    undici,
    lookup: pinnedLookup(guard),
    idleTimeoutMs: options.idleTimeoutMs ?? 4000,
    maxOwners: options.maxOwners ?? 500,
  })
  const exchanges = new Exchanges(guard, clock)
  return {
    send: request => exchanges.start(request, (settlement, { url }) => dispatch(dispatchers, request, url, settlement)),
    async close() {
      exchanges.close()
      await dispatchers.close()
    },
  }
}

function dispatch(dispatchers: OwnedDispatchers, request: TransportRequest, url: URL, settlement: Settlement): void {
  const body = new CappedBody(request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES)
  let status = 0
  let headers: Readonly<Record<string, string | readonly string[] | undefined>> = {}
  const countInterim = interimCounter(settlement)
  const lease = dispatchers.lease(request)
  const finish = (): void => settlement.succeed({ status, headers, body: body.bytes(), truncated: body.truncated })
  try {
    lease.agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: request.headers,
        body: request.body.length > 0 ? request.body : null,
        idempotent: false,
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        onRequestStart(controller) {
          // The time may have run out while the connection was made: then nothing is sent any more.
          settlement.onFailure(() => controller.abort(new Error('given up')))
        },
        onRequestUpgrade(_controller, _status, _headers, socket) {
          socket.destroy()
          settlement.fail({ code: 'malformed_response', message: 'the server switched protocols' })
          lease.release()
        },
        onResponseStart(_controller, statusCode, responseHeaders) {
          if (statusCode >= 100 && statusCode < 200) {
            countInterim()
            return
          }
          status = statusCode
          headers = responseHeaders
        },
        onResponseData(controller, chunk) {
          if (body.add(chunk)) return
          finish()
          controller.abort(new Error('enough'))
        },
        onResponseEnd() {
          finish()
          lease.release()
        },
        onResponseError(_controller, error) {
          settlement.failWith(error)
          lease.release()
        },
      },
    )
  } catch (error) {
    settlement.failWith(error)
    lease.release()
  }
}
