import * as z from 'zod/mini'
import { lazySchema, type SchemaCheck } from '../schema.ts'
import type {
  CalcomBooking,
  CalcomCancelledBooking,
  CalcomData,
  CalcomEvents,
  CalcomForm,
  CalcomNoShow,
  CalcomOutOfOffice,
  CalcomPaidBooking,
  CalcomRecording,
  CalcomRejectedBooking,
  CalcomRescheduledBooking,
} from './types.ts'

const text = () => z.nullish(z.string())
const number = () => z.nullish(z.number())

const person = () => ({ name: text(), email: text(), timeZone: text() })

/** What handlers rely on; answers, metadata and app details are not looked through. */
const bookingShape = () => ({
  uid: z.string(),
  bookingId: number(),
  title: text(),
  eventTypeId: number(),
  startTime: text(),
  endTime: text(),
  status: text(),
  organizer: z.nullish(z.object({ ...person(), username: text() })),
  attendees: z.nullish(z.array(z.object(person()))),
})

const booking: SchemaCheck<CalcomBooking> = lazySchema(() => z.object(bookingShape()))

const rescheduled: SchemaCheck<CalcomRescheduledBooking> = lazySchema(() =>
  z.object({
    ...bookingShape(),
    rescheduleUid: text(),
    rescheduleId: number(),
    rescheduleStartTime: text(),
    rescheduleEndTime: text(),
    rescheduledBy: text(),
  }),
)

const cancelled: SchemaCheck<CalcomCancelledBooking> = lazySchema(() =>
  z.object({
    ...bookingShape(),
    cancelledBy: text(),
    cancellationReason: text(),
    requestReschedule: z.nullish(z.boolean()),
  }),
)

const rejected: SchemaCheck<CalcomRejectedBooking> = lazySchema(() =>
  z.object({ ...bookingShape(), rejectionReason: text() }),
)

const paid: SchemaCheck<CalcomPaidBooking> = lazySchema(() => z.object({ ...bookingShape(), paymentId: number() }))

const recording: SchemaCheck<CalcomRecording> = lazySchema(() => z.object({ ...bookingShape(), downloadLink: text() }))

const noShow: SchemaCheck<CalcomNoShow> = lazySchema(() =>
  z.object({
    bookingUid: text(),
    bookingId: number(),
    message: text(),
    attendees: z.nullish(z.array(z.object({ email: text(), noShow: z.nullish(z.boolean()) }))),
  }),
)

const form: SchemaCheck<CalcomForm> = lazySchema(() =>
  z.object({
    formId: text(),
    formName: text(),
    teamId: number(),
    responses: z.nullish(z.record(z.string(), z.unknown())),
  }),
)

const outOfOffice: SchemaCheck<CalcomOutOfOffice> = lazySchema(() =>
  z.object({ oooEntry: z.nullish(z.record(z.string(), z.unknown())) }),
)

const anything: SchemaCheck<CalcomData> = lazySchema(() => z.record(z.string(), z.unknown()))

/** The check of each type's data. */
export const checks: { readonly [Type in keyof CalcomEvents]: SchemaCheck<CalcomEvents[Type]> } = {
  'booking.created': booking,
  'booking.rescheduled': rescheduled,
  'booking.requested': booking,
  'booking.cancelled': cancelled,
  'booking.rejected': rejected,
  'booking.payment_initiated': paid,
  'booking.paid': paid,
  'booking.no_show_updated': noShow,
  'booking.location_updated': booking,
  'booking.reassigned': booking,
  'booking.confirmed': booking,
  'form.submitted': form,
  'form.submitted_no_event': form,
  'meeting.started': booking,
  'meeting.ended': booking,
  'meeting.hosts_no_show': anything,
  'meeting.guests_no_show': anything,
  'recording.ready': recording,
  'recording.transcription_generated': recording,
  'instant_meeting.created': anything,
  'instant_meeting.accepted': anything,
  'ooo.created': outOfOffice,
  'routing_form.fallback_hit': anything,
  'assignment.reported_wrong': anything,
  'delegation_credential.failed': anything,
  'delegation_credential.secret_rotated': anything,
  'delegation_credential.secret_rotation_failed': anything,
  'delegation_credential.rotation_required': anything,
  'calendar_entry.rejected': anything,
  'ping.received': anything,
}
