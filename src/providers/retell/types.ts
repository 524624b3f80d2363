/** A field that Retell may leave out or send as `null`. */
type Maybe<T> = T | null | undefined

/** One turn of a conversation. Typed as documented; not checked on receipt. */
export interface RetellUtterance {
  /** `agent`, `user`, `transfer_target`, `tool_call_invocation`, `tool_call_result`, … */
  readonly role: string
  readonly content?: Maybe<string>
  /** Words with their start and end, in seconds from the start of the call. */
  readonly words?: Maybe<readonly { readonly word: string; readonly start: number; readonly end: number }[]>
  readonly [field: string]: unknown
}

/** What the analysis of a call found. */
export interface RetellCallAnalysis {
  readonly call_summary?: Maybe<string>
  readonly in_voicemail?: Maybe<boolean>
  /** `Negative`, `Positive`, `Neutral` or `Unknown`. */
  readonly user_sentiment?: Maybe<string>
  readonly call_successful?: Maybe<boolean>
  /** The fields that you defined for the agent. */
  readonly custom_analysis_data?: Maybe<Readonly<Record<string, unknown>>>
}

/**
 * A call as Retell describes it. Which fields are there depends on the moment (`call_analysis` comes only with
 * `call.analyzed`) and on the kind of call (web calls have no numbers and no direction). The ids, status, numbers,
 * times, transcript and analysis are checked on receipt; the others are typed as documented.
 *
 * Source: docs.retellai.com, "Webhook Overview" and "Get Call".
 */
export interface RetellCall {
  readonly call_id: string
  /** `phone_call` or `web_call`. */
  readonly call_type?: Maybe<string>
  readonly agent_id?: Maybe<string>
  readonly agent_name?: Maybe<string>
  readonly agent_version?: Maybe<number>
  /** `registered`, `not_connected`, `ongoing`, `ended` or `error`. Do not rely on `ended` in `call.ended`. */
  readonly call_status?: Maybe<string>
  /** E.164. */
  readonly from_number?: Maybe<string>
  /** E.164. */
  readonly to_number?: Maybe<string>
  /** `inbound` or `outbound`. */
  readonly direction?: Maybe<string>
  /** Milliseconds since the epoch. */
  readonly start_timestamp?: Maybe<number>
  /** Milliseconds since the epoch. */
  readonly end_timestamp?: Maybe<number>
  readonly duration_ms?: Maybe<number>
  /** `user_hangup`, `agent_hangup`, `call_transfer`, `voicemail_reached`, `inactivity`, `dial_busy`, `error_…`, … */
  readonly disconnection_reason?: Maybe<string>
  readonly transcript?: Maybe<string>
  readonly transcript_object?: Maybe<readonly RetellUtterance[]>
  readonly transcript_with_tool_calls?: Maybe<readonly RetellUtterance[]>
  readonly call_analysis?: Maybe<RetellCallAnalysis>
  /** What you stored with the call. */
  readonly metadata?: unknown
  readonly retell_llm_dynamic_variables?: Maybe<Readonly<Record<string, unknown>>>
  readonly collected_dynamic_variables?: Maybe<Readonly<Record<string, unknown>>>
  readonly custom_sip_headers?: Maybe<Readonly<Record<string, string>>>
  readonly telephony_identifier?: Maybe<Readonly<Record<string, unknown>>>
  /** Web calls only. */
  readonly access_token?: Maybe<string>
  readonly data_storage_setting?: Maybe<string>
  readonly opt_in_signed_url?: Maybe<boolean>
  readonly opt_out_sensitive_data_storage?: Maybe<boolean>
  readonly recording_url?: Maybe<string>
  readonly recording_multi_channel_url?: Maybe<string>
  readonly public_log_url?: Maybe<string>
  readonly knowledge_base_retrieved_contents_url?: Maybe<string>
  /** Costs in cents. */
  readonly call_cost?: Maybe<Readonly<Record<string, unknown>>>
  /** Milliseconds, by part of the pipeline. */
  readonly latency?: Maybe<Readonly<Record<string, unknown>>>
  readonly llm_token_usage?: Maybe<Readonly<Record<string, unknown>>>
}

/** A call that is being transferred. */
export interface RetellTransfer extends RetellCall {
  /** Where the call goes, when Retell knows it. */
  readonly transfer_destination?: unknown
  readonly transfer_option?: unknown
}

/** What the analysis of a chat found. */
export interface RetellChatAnalysis {
  readonly chat_summary?: Maybe<string>
  /** `Negative`, `Positive`, `Neutral` or `Unknown`. */
  readonly user_sentiment?: Maybe<string>
  readonly chat_successful?: Maybe<boolean>
  readonly custom_analysis_data?: Maybe<Readonly<Record<string, unknown>>>
}

/** A conversation with a chat agent. Source: docs.retellai.com, "Webhook Overview" and "Get Chat". */
export interface RetellChat {
  readonly chat_id: string
  readonly agent_id?: Maybe<string>
  readonly version?: Maybe<number>
  /** `ongoing`, `ended` or `error`. */
  readonly chat_status?: Maybe<string>
  /** `api_chat` or `sms_chat`. */
  readonly chat_type?: Maybe<string>
  /** Milliseconds since the epoch. */
  readonly start_timestamp?: Maybe<number>
  /** Milliseconds since the epoch. */
  readonly end_timestamp?: Maybe<number>
  readonly transcript?: Maybe<string>
  readonly message_with_tool_calls?: Maybe<readonly RetellUtterance[]>
  readonly chat_analysis?: Maybe<RetellChatAnalysis>
  readonly metadata?: unknown
  readonly retell_llm_dynamic_variables?: Maybe<Readonly<Record<string, unknown>>>
  readonly collected_dynamic_variables?: Maybe<Readonly<Record<string, unknown>>>
  readonly custom_attributes?: Maybe<Readonly<Record<string, unknown>>>
  readonly chat_cost?: Maybe<Readonly<Record<string, unknown>>>
}

/** A call that is ringing; Retell asks how to answer it. Source: docs.retellai.com, "Inbound Call Webhook". */
export interface RetellInboundCall {
  /** The agent that would take the call, when the number has one. */
  readonly agent_id?: Maybe<string>
  readonly from_number?: Maybe<string>
  readonly to_number?: Maybe<string>
}

/** An agent calls one of your functions; the answer's body goes back to it. */
export interface RetellFunctionCall {
  /** `undefined` when the function is set to "args only" and `functionName` is not configured. */
  readonly name?: string | undefined
  readonly args: Readonly<Record<string, unknown>>
  /** The call in which it happens; absent for chats, and with "args only". */
  readonly call?: Maybe<RetellCall>
  readonly chat?: Maybe<RetellChat>
}

/** Everything that Retell sends. */
export type RetellEvents = {
  readonly 'call.started': RetellCall
  readonly 'call.ended': RetellCall
  readonly 'call.analyzed': RetellCall
  readonly 'call.transcript_updated': RetellCall
  /** Answer with {@link inboundCallReply}. */
  readonly 'call.inbound': RetellInboundCall
  readonly 'transfer.started': RetellTransfer
  readonly 'transfer.bridged': RetellTransfer
  readonly 'transfer.cancelled': RetellTransfer
  readonly 'transfer.ended': RetellTransfer
  readonly 'chat.started': RetellChat
  readonly 'chat.ended': RetellChat
  readonly 'chat.analyzed': RetellChat
  readonly 'chat.transcript_updated': RetellChat
  /** A custom function of an agent. The native type is the function's name. Answer with `reply(…)`. */
  readonly 'function.called': RetellFunctionCall
}
