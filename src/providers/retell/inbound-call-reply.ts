import { type Reply, reply } from '../../model/receive-result.ts'

/** How Retell shall take an inbound call. Everything is optional: an empty answer takes it as it is configured. */
export interface InboundCallAnswer {
  /** The agent that takes the call, instead of the number's own. */
  readonly overrideAgentId?: string
  readonly overrideAgentVersion?: number
  /** Variables for the agent's prompt. Retell takes text only. */
  readonly dynamicVariables?: Readonly<Record<string, string>>
  /** Stored with the call, and sent back in its events. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/**
 * The answer to `call.inbound`, for a handler to return.
 * Source: docs.retellai.com, "Inbound Call Webhook".
 *
 * @example
 * receiver.on('call.inbound', async ({ data }) => {
 *   const customer = await customers.byPhone(data.from_number)
 *   return inboundCallReply({ dynamicVariables: { name: customer.name } })
 * })
 */
export function inboundCallReply(answer: InboundCallAnswer = {}): Reply {
  const { overrideAgentId, overrideAgentVersion, dynamicVariables, metadata } = answer
  return reply({
    call_inbound: {
      ...(overrideAgentId !== undefined && { override_agent_id: overrideAgentId }),
      ...(overrideAgentVersion !== undefined && { override_agent_version: overrideAgentVersion }),
      ...(dynamicVariables !== undefined && { dynamic_variables: dynamicVariables }),
      ...(metadata !== undefined && { metadata }),
    },
  })
}
