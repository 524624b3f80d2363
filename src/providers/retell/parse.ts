import { sha256Hex } from '../../bytes/hash.ts'
import { isJsonObject, parseJson } from '../../bytes/json.ts'
import type { EventOf, ParseResult, ReceivedEvent } from '../../model/event.ts'
import type { WebhookRequest } from '../../model/http.ts'
import { canonicalType, parseTime, splitType } from '../describe.ts'
import type { SchemaCheck } from '../schema.ts'
import { checkCall, checkChat, checkFunctionCall, checkInboundCall } from './schemas.ts'
import type { RetellEvents } from './types.ts'

type Body = Readonly<Record<string, unknown>>

/** Retell's names. `transcript_updated` is the one name that calls and chats share. */
export const nativeTypes = {
  call_started: 'call.started',
  call_ended: 'call.ended',
  call_analyzed: 'call.analyzed',
  transcript_updated: 'call.transcript_updated',
  transfer_started: 'transfer.started',
  transfer_bridged: 'transfer.bridged',
  transfer_cancelled: 'transfer.cancelled',
  transfer_ended: 'transfer.ended',
  chat_started: 'chat.started',
  chat_ended: 'chat.ended',
  chat_analyzed: 'chat.analyzed',
  call_inbound: 'call.inbound',
} as const satisfies Record<string, keyof RetellEvents>

export const eventTypes: readonly (keyof RetellEvents)[] = [
  ...Object.values(nativeTypes),
  'chat.transcript_updated',
  'function.called',
]

/**
 * Reads a verified body.
 *
 * @param functionName the function that this request calls, when only its URL tells.
 * @param isFunction whether the request may be nothing but the call of a function.
 */
export function parseRetell(
  request: WebhookRequest,
  functionName: string | undefined,
  isFunction: boolean,
): ParseResult<EventOf<RetellEvents>> {
  const decoded = parseJson(request.body)
  if (!decoded.ok) return { ok: false, code: 'malformed_body', message: decoded.message }
  const body = decoded.value
  if (!isJsonObject(body)) return invalid('the body is not an object')
  const native = body.event
  if (functionName === undefined && !isFunction && typeof native === 'string' && native !== '') {
    return readEvent(body, native, request)
  }
  return readFunctionCall(body, functionName, request)
}

function readEvent(body: Body, nativeType: string, request: WebhookRequest): ParseResult<EventOf<RetellEvents>> {
  const type = typeOf(nativeType, body)
  const data = dataOf(nativeType, body)
  const known = Object.hasOwn(nativeTypes, nativeType)
  if (known) {
    const checked = checkOf(type)(data)
    if (!checked.ok) return invalid(checked.message)
  }
  const subject = isJsonObject(data) ? data : {}
  const recordId = textOf(subject.call_id) ?? textOf(subject.chat_id)
  const digest = () => sha256Hex(request.body)
  const id =
    recordId === undefined
      ? digest()
      : happensOnce(type)
        ? `${nativeType}:${recordId}`
        : `${nativeType}:${recordId}:${digest()}`
  return one({
    id,
    idSource: recordId === undefined ? 'digest' : 'composite',
    type,
    nativeType,
    known,
    provider: 'retell',
    time: timeOf(type, subject),
    ...splitType(type),
    recordId,
    attempt: undefined,
    data,
    raw: body,
    ...(type === 'call.inbound' && { expectsReply: true }),
  })
}

function readFunctionCall(
  body: Body,
  functionName: string | undefined,
  request: WebhookRequest,
): ParseResult<EventOf<RetellEvents>> {
  const complete = typeof body.name === 'string' && isJsonObject(body.args)
  const data = complete ? body : { name: functionName, args: body }
  const checked = checkFunctionCall(data)
  if (!checked.ok) return invalid(checked.message)
  return one({
    id: sha256Hex(request.body),
    idSource: 'digest',
    type: 'function.called',
    nativeType: checked.value.name || 'function',
    known: true,
    provider: 'retell',
    time: undefined,
    entity: 'function',
    action: 'called',
    recordId: checked.value.call?.call_id ?? checked.value.chat?.chat_id,
    attempt: undefined,
    data,
    raw: body,
    expectsReply: true,
  })
}

function typeOf(nativeType: string, body: Body): string {
  if (nativeType === 'transcript_updated' && isJsonObject(body.chat)) return 'chat.transcript_updated'
  if (Object.hasOwn(nativeTypes, nativeType)) return nativeTypes[nativeType as keyof typeof nativeTypes]
  return canonicalType(nativeType.replace('_', '.'))
}

/** The object that the event is about; what stands beside it (details of a transfer) is put into it. */
function dataOf(nativeType: string, body: Body): unknown {
  if (nativeType === 'call_inbound') return body.call_inbound
  const { event: _, call, chat, ...beside } = body
  const subject = chat !== undefined && !isJsonObject(call) ? chat : call
  if (subject === undefined) return body
  return isJsonObject(subject) && Object.keys(beside).length > 0 ? { ...beside, ...subject } : subject
}

function checkOf(type: string): SchemaCheck<unknown> {
  if (type === 'call.inbound') return checkInboundCall
  return type.startsWith('chat.') ? checkChat : checkCall
}

/** A call starts and ends once; its transcript changes often, and it can be transferred more than once. */
function happensOnce(type: string): boolean {
  return /^(?:call|chat)\.(?:started|ended|analyzed)$/.test(type)
}

function timeOf(type: string, subject: Body): Date | undefined {
  const field = type.endsWith('.started') ? 'start_timestamp' : type.endsWith('.ended') ? 'end_timestamp' : undefined
  const value = field !== undefined && !type.startsWith('transfer.') ? subject[field] : undefined
  return typeof value === 'number' ? parseTime(String(value)) : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function one(event: ReceivedEvent): ParseResult<EventOf<RetellEvents>> {
  // The data of known types was checked above, and an unknown type is in no map.
  return { ok: true, events: [event as unknown as EventOf<RetellEvents>] }
}

function invalid(message: string): ParseResult<never> {
  return { ok: false, code: 'invalid_data', message }
}
