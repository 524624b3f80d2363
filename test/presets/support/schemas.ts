import * as z from 'zod'

/** What the targets check, written from their published schemas and limits; unknown members are refused. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine(text => !text.includes('\n'), 'one line')
const free = (max: number) => z.string().min(1).max(max)
const word = z.string().regex(/^\S+$/)

/** https://unpkg.com/@atlaskit/adf-schema/dist/json-schema/v1/full.json, the nodes that issues use. */
const adfText = z.strictObject({
  type: z.literal('text'),
  text: z
    .string()
    .min(1)
    .refine(text => !text.includes('\n'), 'no line break in a text node'),
  marks: z
    .array(
      z.union([
        z.strictObject({ type: z.literal('strong') }),
        z.strictObject({ type: z.literal('link'), attrs: z.strictObject({ href: z.url() }) }),
      ]),
    )
    .optional(),
})
const adfParagraph = z.strictObject({
  type: z.literal('paragraph'),
  content: z.array(z.union([adfText, z.strictObject({ type: z.literal('hardBreak') })])),
})
const adfList = z.strictObject({
  type: z.literal('bulletList'),
  content: z.array(z.strictObject({ type: z.literal('listItem'), content: z.array(adfParagraph).min(1) })).min(1),
})
const adf = z
  .strictObject({ version: z.literal(1), type: z.literal('doc'), content: z.array(z.union([adfParagraph, adfList])) })
  .refine(doc => textOf(doc).length <= 32_767, 'description longer than 32767')

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('')
  if (typeof value !== 'object' || value === null) return ''
  const { text = '', content } = value as { text?: string; content?: unknown }
  return text + textOf(content)
}

const issue = <Description extends z.ZodType>(description: Description) =>
  z.strictObject({
    fields: z.strictObject({
      project: z.strictObject({ key: z.literal('SUPPORT') }),
      issuetype: z.strictObject({ name: z.enum(['Task', 'Bug', 'Story']) }),
      summary: line(255),
      description: description.optional(),
      priority: z.strictObject({ name: z.enum(['Highest', 'High', 'Medium', 'Low', 'Lowest']) }).optional(),
      labels: z.array(word).optional(),
      customfield_10001: line(255).optional(),
    }),
  })

export const jiraV3 = issue(adf)
export const jiraV2 = issue(free(32_767))

export const serviceRequest = z.strictObject({
  serviceDeskId: z.literal('10'),
  requestTypeId: z.literal('25'),
  requestFieldValues: z.strictObject({ summary: line(255), description: free(32_767).optional() }),
  raiseOnBehalfOf: word.optional(),
})

export const incident = z.strictObject({
  short_description: line(160),
  description: free(4000).optional(),
  impact: z.enum(['1', '2', '3']).optional(),
  urgency: z.enum(['1', '2', '3']).optional(),
  contact_type: z.enum(['email', 'phone', 'self-service', 'walk-in', 'virtual_agent']).optional(),
  assignment_group: line(160).optional(),
  correlation_id: line(100),
})

export const otrsTicket = z.strictObject({
  UserLogin: word,
  Password: z.string(),
  Ticket: z.strictObject({
    Title: line(255),
    Queue: z.enum(['Postmaster', 'Raw', 'Junk', 'Misc']),
    State: z.enum(['new', 'open']),
    Priority: z.enum(['1 very low', '2 low', '3 normal', '4 high', '5 very high']),
    CustomerUser: line(200),
  }),
  Article: z.strictObject({
    CommunicationChannel: z.enum(['Phone', 'Email', 'Internal']),
    SenderType: z.literal('customer'),
    IsVisibleForCustomer: z.literal(1),
    Subject: line(255),
    Body: free(1_000_000),
    ContentType: z.literal('text/plain; charset=utf8'),
  }),
  DynamicField: z
    .array(z.strictObject({ Name: word, Value: z.string() }))
    .min(1)
    .optional(),
})

export const zendeskTicket = z.strictObject({
  ticket: z.strictObject({
    subject: line(255),
    comment: z.strictObject({ body: free(65_535), public: z.boolean().optional() }),
    priority: z.enum(['urgent', 'high', 'normal', 'low']).optional(),
    type: z.enum(['problem', 'incident', 'question', 'task']).optional(),
    requester: z.strictObject({ name: line(1000), email: z.email() }).optional(),
    external_id: line(255).optional(),
    tags: z.array(word).optional(),
  }),
})

const escapedHtml = (text: string): boolean => /^(?:[^<>&]|<br>|&(?:amp|lt|gt|quot|#39);)*…?$/.test(text)

export const freshdeskTicket = z
  .strictObject({
    email: z.email().optional(),
    phone: line(64).optional(),
    name: line(255).optional(),
    subject: line(255),
    description: free(65_535).refine(escapedHtml, 'description must be escaped HTML'),
    status: z.int().min(2).max(5),
    priority: z.int().min(1).max(4),
    source: z.literal([1, 2, 3, 7, 9, 10]),
  })
  .refine(
    ticket => ticket.email !== undefined || (ticket.phone !== undefined && ticket.name !== undefined),
    'requester',
  )

/** Only entities of Slack's own three characters, and no bracket that could open a link or a mention. */
const mrkdwnSafe = (text: string): boolean => /^(?:[^<>&]|&(?:amp|lt|gt);)*$/.test(text)
const mrkdwn = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: free(max).refine(mrkdwnSafe, 'mrkdwn must be escaped'),
    verbatim: z.boolean().optional(),
  })
const slackBlock = z.union([
  z.strictObject({
    type: z.literal('header'),
    text: z.strictObject({ type: z.literal('plain_text'), text: line(150), emoji: z.boolean().optional() }),
  }),
  z.strictObject({ type: z.literal('section'), text: mrkdwn(3000) }),
  z.strictObject({ type: z.literal('section'), fields: z.array(mrkdwn(2000)).min(1).max(10) }),
])
const slackMessage = {
  text: free(4000).refine(mrkdwnSafe, 'text must be escaped'),
  blocks: z.array(slackBlock).max(50),
}
export const slackWebhook = z.strictObject(slackMessage)
export const slackPost = z.strictObject({ channel: word, ...slackMessage })

const textBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: z.string().min(1),
  weight: z.literal('Bolder').optional(),
  size: z.literal('Medium').optional(),
  wrap: z.literal(true),
})
const factSet = z.strictObject({
  type: z.literal('FactSet'),
  facts: z.array(z.strictObject({ title: line(100), value: z.string().min(1) })).min(1),
})
export const teamsMessage = z
  .strictObject({
    type: z.literal('message'),
    attachments: z.tuple([
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
          type: z.literal('AdaptiveCard'),
          version: z.literal('1.4'),
          body: z.array(z.union([textBlock, factSet])).min(1),
          msteams: z.strictObject({ width: z.literal('Full') }),
        }),
      }),
    ]),
  })
  .refine(message => new TextEncoder().encode(JSON.stringify(message)).length <= 28 * 1024, 'more than 28 KB')

export const discordMessage = z
  .strictObject({
    content: free(2000).optional(),
    embeds: z
      .array(
        z.strictObject({
          title: line(512).refine(text => text.replace(/\\(.)/g, '$1').length <= 256),
          description: free(4096).optional(),
          fields: z.array(z.strictObject({ name: line(256), value: free(1024), inline: z.boolean() })).max(25),
        }),
      )
      .min(1)
      .max(10),
    allowed_mentions: z.strictObject({ parse: z.tuple([]) }),
  })
  .refine(({ embeds }) => embeds.every(embed => embedLength(embed) <= 6000), 'embed longer than 6000')

interface Embed {
  readonly title: string
  readonly description?: string | undefined
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: string }>
}

function embedLength({ title, description = '', fields }: Embed): number {
  return fields.reduce((sum, { name, value }) => sum + name.length + value.length, title.length + description.length)
}

export const mattermostMessage = z.strictObject({
  text: free(16_383).refine(text => !/@(?:all|here|channel)\b/.test(text), 'mentions everybody'),
})

export const pagerdutyEvent = z.strictObject({
  routing_key: word,
  event_action: z.literal('trigger'),
  dedup_key: line(255),
  payload: z.strictObject({
    summary: line(1024),
    source: line(255),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    timestamp: z.iso.datetime(),
    class: line(255).optional(),
    custom_details: z.record(z.string(), z.string()).optional(),
  }),
  links: z.array(z.strictObject({ href: z.url(), text: line(255) })).optional(),
})

export const hubspotTicket = z.strictObject({
  properties: z.strictObject({
    subject: line(65_536),
    content: free(65_536).optional(),
    hs_pipeline: word,
    hs_pipeline_stage: word,
    hs_ticket_priority: z.enum(['HIGH', 'MEDIUM', 'LOW']).optional(),
  }),
})

export const telegramMessage = z.strictObject({
  chat_id: z.union([z.int(), z.string().startsWith('@')]),
  text: free(4096),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
})

export const googleChatMessage = z.strictObject({
  text: free(4096).refine(text => !/<(?:users\/|https?:)/.test(text), 'mention or link'),
})

export const genericCase = z.strictObject({
  event: word,
  event_id: word,
  delivery_id: word,
  timestamp: z.iso.datetime(),
  reference: line(1000).optional(),
  ticket: z.record(z.string(), z.string()).optional(),
  customer: z.record(z.string(), z.string()).optional(),
  context: z.record(z.string(), z.string()).optional(),
  enrichment: z.strictObject({ audio_url: z.url() }).optional(),
  data: z.unknown().optional(),
})
