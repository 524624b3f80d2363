import type { CalcomEvents } from './types.ts'

/** Cal.com's triggers. Source: calcom/cal.com, `WebhookTriggerEvents`. */
const triggers = {
  BOOKING_CREATED: 'booking.created',
  BOOKING_RESCHEDULED: 'booking.rescheduled',
  BOOKING_REQUESTED: 'booking.requested',
  BOOKING_CANCELLED: 'booking.cancelled',
  BOOKING_REJECTED: 'booking.rejected',
  BOOKING_PAYMENT_INITIATED: 'booking.payment_initiated',
  BOOKING_PAID: 'booking.paid',
  BOOKING_NO_SHOW_UPDATED: 'booking.no_show_updated',
  BOOKING_LOCATION_UPDATED: 'booking.location_updated',
  BOOKING_REASSIGNED: 'booking.reassigned',
  BOOKING_CONFIRMED: 'booking.confirmed',
  FORM_SUBMITTED: 'form.submitted',
  FORM_SUBMITTED_NO_EVENT: 'form.submitted_no_event',
  MEETING_STARTED: 'meeting.started',
  MEETING_ENDED: 'meeting.ended',
  AFTER_HOSTS_CAL_VIDEO_NO_SHOW: 'meeting.hosts_no_show',
  AFTER_GUESTS_CAL_VIDEO_NO_SHOW: 'meeting.guests_no_show',
  RECORDING_READY: 'recording.ready',
  RECORDING_TRANSCRIPTION_GENERATED: 'recording.transcription_generated',
  INSTANT_MEETING: 'instant_meeting.created',
  INSTANT_MEETING_ACCEPTED: 'instant_meeting.accepted',
  OOO_CREATED: 'ooo.created',
  ROUTING_FORM_FALLBACK_HIT: 'routing_form.fallback_hit',
  WRONG_ASSIGNMENT_REPORT: 'assignment.reported_wrong',
  DELEGATION_CREDENTIAL_ERROR: 'delegation_credential.failed',
  DELEGATION_CREDENTIAL_SECRET_ROTATED: 'delegation_credential.secret_rotated',
  DELEGATION_CREDENTIAL_SECRET_ROTATION_FAILED: 'delegation_credential.secret_rotation_failed',
  DELEGATION_CREDENTIAL_ROTATION_REQUIRED: 'delegation_credential.rotation_required',
  CALENDAR_ENTRY_REJECTED: 'calendar_entry.rejected',
  PING: 'ping.received',
} as const satisfies Readonly<Record<string, keyof CalcomEvents>>

/** Spellings of gateways in front of Cal.com, which write a full stop where Cal.com has an underscore. */
const aliases = {
  'BOOKING.CREATED': 'booking.created',
  'BOOKING.RESCHEDULED': 'booking.rescheduled',
  'BOOKING.REQUESTED': 'booking.requested',
  'BOOKING.CANCELLED': 'booking.cancelled',
  'BOOKING.REJECTED': 'booking.rejected',
  'BOOKING.CONFIRMED': 'booking.confirmed',
  ping: 'ping.received',
} as const satisfies Readonly<Record<string, keyof CalcomEvents>>

/** Native name to canonical type. */
export const types: Readonly<Record<string, keyof CalcomEvents>> = { ...triggers, ...aliases }
