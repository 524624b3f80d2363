/** ISO 8601, as sent. */
type Timestamp = string | null | undefined
type Text = string | null | undefined

/**
 * The data of any WhatsCRM event. Ids and times are checked on receipt wherever they are present. Test deliveries carry
 * data of the tester's choice, so nothing can be relied on to be there.
 */
export interface WhatscrmData {
  readonly timestamp?: Timestamp
  readonly [field: string]: unknown
}

/** A WhatsApp message. */
export interface WhatscrmMessage extends WhatscrmData {
  readonly messageId?: Text
  readonly conversationId?: Text
  readonly contactId?: Text
  /** `inbound` or `outbound`. */
  readonly direction?: Text
  /** `text`, `image`, … */
  readonly type?: Text
  readonly content?: Text
}

/** A conversation with a contact. */
export interface WhatscrmConversation extends WhatscrmData {
  readonly conversationId?: Text
  readonly contactId?: Text
  readonly status?: Text
  /** `conversation.assigned`. */
  readonly agentId?: Text
  /** `conversation.resolved` and `conversation.closed`. */
  readonly previousStatus?: Text
}

/** A contact. */
export interface WhatscrmContact extends WhatscrmData {
  readonly contactId?: Text
  /** `contact.updated`: what changed. */
  readonly changes?: unknown
}

/** A campaign. */
export interface WhatscrmCampaign extends WhatscrmData {
  readonly campaignId?: Text
  readonly name?: Text
  readonly totalRecipients?: number | null | undefined
  readonly sentCount?: number | null | undefined
  readonly deliveredCount?: number | null | undefined
  readonly failedCount?: number | null | undefined
  /** `campaign.failed`. */
  readonly error?: Text
}

/** One run of a flow. */
export interface WhatscrmFlow extends WhatscrmData {
  readonly flowId?: Text
  readonly executionId?: Text
  readonly contactId?: Text
  readonly status?: Text
  /** `flow.failed`. */
  readonly error?: Text
}

/** Everything that WhatsCRM sends. */
export type WhatscrmEvents = {
  readonly 'message.new': WhatscrmMessage
  readonly 'message.sent': WhatscrmMessage
  readonly 'message.delivered': WhatscrmMessage
  readonly 'message.read': WhatscrmMessage
  readonly 'message.failed': WhatscrmMessage
  readonly 'conversation.created': WhatscrmConversation
  readonly 'conversation.updated': WhatscrmConversation
  readonly 'conversation.assigned': WhatscrmConversation
  readonly 'conversation.resolved': WhatscrmConversation
  readonly 'conversation.closed': WhatscrmConversation
  readonly 'contact.created': WhatscrmContact
  readonly 'contact.updated': WhatscrmContact
  readonly 'campaign.started': WhatscrmCampaign
  readonly 'campaign.completed': WhatscrmCampaign
  readonly 'campaign.failed': WhatscrmCampaign
  readonly 'flow.started': WhatscrmFlow
  readonly 'flow.completed': WhatscrmFlow
  readonly 'flow.failed': WhatscrmFlow
  readonly 'automation.triggered': WhatscrmData
  readonly 'automation.completed': WhatscrmData
  readonly 'template.approved': WhatscrmData
  readonly 'template.rejected': WhatscrmData
}
