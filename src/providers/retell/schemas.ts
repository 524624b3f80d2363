import * as z from 'zod/mini'
import { lazySchema, type SchemaCheck } from '../schema.ts'
import type { RetellCall, RetellChat, RetellFunctionCall, RetellInboundCall } from './types.ts'

const text = () => z.nullish(z.string())
const number = () => z.nullish(z.number())
const flag = () => z.nullish(z.boolean())

/** What handlers rely on. Transcripts word by word, costs and latencies are not looked through. */
export const checkCall: SchemaCheck<RetellCall> = lazySchema(() =>
  z.object({
    call_id: z.string(),
    call_type: text(),
    agent_id: text(),
    call_status: text(),
    from_number: text(),
    to_number: text(),
    direction: text(),
    start_timestamp: number(),
    end_timestamp: number(),
    duration_ms: number(),
    disconnection_reason: text(),
    transcript: text(),
    call_analysis: z.nullish(
      z.object({ call_summary: text(), in_voicemail: flag(), user_sentiment: text(), call_successful: flag() }),
    ),
  }),
)

export const checkChat: SchemaCheck<RetellChat> = lazySchema(() =>
  z.object({
    chat_id: z.string(),
    agent_id: text(),
    chat_status: text(),
    start_timestamp: number(),
    end_timestamp: number(),
    transcript: text(),
    chat_analysis: z.nullish(z.object({ chat_summary: text(), user_sentiment: text(), chat_successful: flag() })),
  }),
)

export const checkInboundCall: SchemaCheck<RetellInboundCall> = lazySchema(() =>
  z.object({ agent_id: text(), from_number: text(), to_number: text() }),
)

export const checkFunctionCall: SchemaCheck<RetellFunctionCall> = lazySchema(() =>
  z.object({
    name: z.optional(z.string()),
    args: z.record(z.string(), z.unknown()),
    call: z.nullish(z.object({ call_id: z.string() })),
    chat: z.nullish(z.object({ chat_id: z.string() })),
  }),
)
