/** The number of yours that a message came to or went from. */
export interface WhatsappMetadata {
  readonly display_phone_number: string
  readonly phone_number_id: string
}

/** A file: fetch its URL with the id. */
export interface WhatsappMedia {
  readonly id: string
  readonly mime_type?: string
  readonly sha256?: string
  readonly caption?: string
  readonly filename?: string
  readonly voice?: boolean
}

/** What a customer sent. Which of the optional parts is there follows from `type`. */
export interface WhatsappMessage {
  readonly id: string
  /** The customer's number, without `+`. */
  readonly from: string
  /** Seconds since the epoch, as text. */
  readonly timestamp: string
  /** `text`, `image`, `audio`, `interactive`, `button`, `reaction`, `location`, `contacts`, `unsupported`, … */
  readonly type: string
  readonly text?: { readonly body: string }
  readonly image?: WhatsappMedia
  readonly audio?: WhatsappMedia
  readonly video?: WhatsappMedia
  readonly document?: WhatsappMedia
  readonly sticker?: WhatsappMedia
  readonly location?: {
    readonly latitude: number
    readonly longitude: number
    readonly name?: string
    readonly address?: string
  }
  readonly reaction?: { readonly message_id: string; readonly emoji?: string }
  readonly button?: { readonly payload: string; readonly text: string }
  readonly interactive?: Readonly<Record<string, unknown>>
  readonly contacts?: readonly Readonly<Record<string, unknown>>[]
  /** The message that this one answers. */
  readonly context?: { readonly from?: string; readonly id?: string; readonly forwarded?: boolean }
  readonly errors?: readonly WhatsappError[]
}

/** An error as Meta reports it. */
export interface WhatsappError {
  readonly code: number
  readonly title?: string
  readonly message?: string
  readonly error_data?: { readonly details?: string }
}

/** How a message of yours fared. */
export interface WhatsappStatus {
  readonly id: string
  readonly status: string
  /** Seconds since the epoch, as text. */
  readonly timestamp: string
  readonly recipient_id: string
  readonly conversation?: Readonly<Record<string, unknown>>
  readonly pricing?: Readonly<Record<string, unknown>>
  readonly errors?: readonly WhatsappError[]
  /** What you gave when you sent it. */
  readonly biz_opaque_callback_data?: string
}

/** Data of `message.received`. */
export interface WhatsappMessageData {
  readonly businessAccountId: string
  readonly metadata: WhatsappMetadata
  readonly contact: { readonly wa_id?: string; readonly profile?: { readonly name?: string } } | undefined
  readonly message: WhatsappMessage
}

/** Data of the statuses of messages. */
export interface WhatsappStatusData {
  readonly businessAccountId: string
  readonly metadata: WhatsappMetadata
  readonly status: WhatsappStatus
}

/** Data of every other change. */
export interface WhatsappChangeData {
  readonly businessAccountId: string
  /** Meta's name of the field: `message_template_status_update`. */
  readonly field: string
  readonly value: Readonly<Record<string, unknown>>
}

/** Events of WhatsApp. Other fields arrive as unknown events, as `<field>.changed`. */
export type WhatsappEvents = {
  readonly 'message.received': WhatsappMessageData
  readonly 'message.sent': WhatsappStatusData
  readonly 'message.delivered': WhatsappStatusData
  readonly 'message.read': WhatsappStatusData
  readonly 'message.failed': WhatsappStatusData
  readonly 'template.status_updated': WhatsappChangeData
  readonly 'template.quality_updated': WhatsappChangeData
  readonly 'template.category_updated': WhatsappChangeData
  readonly 'account.updated': WhatsappChangeData
  readonly 'account.review_updated': WhatsappChangeData
  readonly 'account.alerted': WhatsappChangeData
  readonly 'phone_number.quality_updated': WhatsappChangeData
  readonly 'phone_number.name_updated': WhatsappChangeData
}
