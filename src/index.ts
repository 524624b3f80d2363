export { type Clock, systemClock } from './clock.ts'
export type { LifecycleEmitter, Listener } from './emitter.ts'
export { WebhookError, type WebhookErrorCode, type WebhookErrorDetails } from './errors.ts'
export type { HandledEvent, Handler, HandlerContext, MatchingEvent, PatternOf } from './inbound/handlers.ts'
export type { ReceiverLifecycle, RejectedRequest } from './inbound/lifecycle.ts'
export type { ReceiverOptions } from './inbound/options.ts'
export { createReceiver, type Health, type Receiver } from './inbound/receiver.ts'
export type { Reconciled } from './inbound/reconcile.ts'
export type { Attempt, Delivery, DeliveryStatus, RenderedBody, StoredEvent } from './model/delivery.ts'
export type { DisabledReason, Endpoint, EndpointAuth, EndpointSecret, EnvelopeName } from './model/endpoint.ts'
export type { EventMap, EventOf, IdSource, ParseResult, ReceivedEvent, UnknownEvent } from './model/event.ts'
export { matchesPattern } from './model/event-type.ts'
export type {
  BodyReader,
  BodyResult,
  HeadersInput,
  IncomingRequest,
  WebhookRequest,
  WebhookResponse,
} from './model/http.ts'
export type { Logger } from './model/logger.ts'
export {
  type HandlerOutcome,
  type ReceiveError,
  type ReceiveOutcome,
  type ReceiveResult,
  type RecordOutcome,
  type Reply,
  reply,
} from './model/receive-result.ts'
export {
  type FieldChange,
  hasChanged,
  isBulk,
  isCreate,
  isDelete,
  isFromApi,
  isFromApp,
  isMerge,
  isRecordChange,
  isRetry,
  isUpdate,
  type RecordChange,
} from './model/record-change.ts'
export type { SecretInput } from './model/secret.ts'
export type { Refusal, RefusalCode, Verifier, VerifyContext, VerifyResult } from './model/verification.ts'
export type { AttemptLog, EndpointStats } from './outbound/attempt-log.ts'
export type { DataOf, DataSchema, EventCatalogue, TypeOf } from './outbound/catalogue.ts'
export type { EndpointInput } from './outbound/endpoint-input.ts'
export type { EndpointChanges, Endpoints, PublicEndpoint } from './outbound/endpoints.ts'
export type { SenderLifecycle } from './outbound/lifecycle.ts'
export type { SenderOptions } from './outbound/options.ts'
export type { Preview, SampleInput } from './outbound/preview.ts'
export type { Published, PublishOptions } from './outbound/publisher.ts'
export { createSender, type Sender } from './outbound/sender.ts'
export type { Signer, SigningScheme } from './outbound/signing.ts'
export { type AnyProvider, createProvider, type Provider, type ProviderOptions } from './providers/provider.ts'
export type { Deliveries, ReplayFilter } from './queue/deliveries.ts'
export type { RetryPolicy, RetryPolicyInput } from './retry/retry-policy.ts'
export type { Claim, DedupeStore } from './storage/dedupe-store.ts'
export type * from './storage/store.ts'
export { type AddressGuard, type AddressGuardOptions, createAddressGuard } from './transports/address-guard.ts'
export type { Transport, TransportRequest, TransportResult } from './transports/transport.ts'
