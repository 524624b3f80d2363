import * as z from 'zod/mini'
import type { LookupInput } from '../describe.ts'
import { valueAt } from '../describe.ts'
import { lazySchema, type SchemaCheck } from '../schema.ts'
import type {
  WhatscrmCampaign,
  WhatscrmContact,
  WhatscrmConversation,
  WhatscrmData,
  WhatscrmEvents,
  WhatscrmFlow,
  WhatscrmMessage,
} from './types.ts'

const text = () => z.nullish(z.string())
const count = () => z.nullish(z.number())

const message: SchemaCheck<WhatscrmMessage> = lazySchema(() =>
  z.object({
    messageId: text(),
    conversationId: text(),
    contactId: text(),
    direction: text(),
    type: text(),
    content: text(),
    timestamp: text(),
  }),
)

const conversation: SchemaCheck<WhatscrmConversation> = lazySchema(() =>
  z.object({
    conversationId: text(),
    contactId: text(),
    status: text(),
    agentId: text(),
    previousStatus: text(),
    timestamp: text(),
  }),
)

const contact: SchemaCheck<WhatscrmContact> = lazySchema(() => z.object({ contactId: text(), timestamp: text() }))

const campaign: SchemaCheck<WhatscrmCampaign> = lazySchema(() =>
  z.object({
    campaignId: text(),
    name: text(),
    totalRecipients: count(),
    sentCount: count(),
    deliveredCount: count(),
    failedCount: count(),
    error: text(),
    timestamp: text(),
  }),
)

const flow: SchemaCheck<WhatscrmFlow> = lazySchema(() =>
  z.object({
    flowId: text(),
    executionId: text(),
    contactId: text(),
    status: text(),
    error: text(),
    timestamp: text(),
  }),
)

const anything: SchemaCheck<WhatscrmData> = lazySchema(() => z.object({ timestamp: text() }))

/** The check of each type's data. */
export const checks: { readonly [Type in keyof WhatscrmEvents]: SchemaCheck<WhatscrmEvents[Type]> } = {
  'message.new': message,
  'message.sent': message,
  'message.delivered': message,
  'message.read': message,
  'message.failed': message,
  'conversation.created': conversation,
  'conversation.updated': conversation,
  'conversation.assigned': conversation,
  'conversation.resolved': conversation,
  'conversation.closed': conversation,
  'contact.created': contact,
  'contact.updated': contact,
  'campaign.started': campaign,
  'campaign.completed': campaign,
  'campaign.failed': campaign,
  'flow.started': flow,
  'flow.completed': flow,
  'flow.failed': flow,
  'automation.triggered': anything,
  'automation.completed': anything,
  'template.approved': anything,
  'template.rejected': anything,
}

const ID_FIELDS: Readonly<Record<string, string>> = {
  message: 'messageId',
  conversation: 'conversationId',
  contact: 'contactId',
  campaign: 'campaignId',
  flow: 'flowId',
  automation: 'automationId',
  template: 'templateId',
}

/** The id of the record that an event is about, by the first part of its type. */
export function recordIdOf({ body }: LookupInput): string | undefined {
  const event = valueAt(body, 'event')
  const entity = typeof event === 'string' ? (event.split('.', 1)[0] ?? '') : ''
  const field = Object.hasOwn(ID_FIELDS, entity) ? ID_FIELDS[entity] : undefined
  const id = field === undefined ? undefined : valueAt(valueAt(body, 'data'), field)
  return typeof id === 'string' && id !== '' ? id : undefined
}
