type Maybe<T> = T | null | undefined

/** Somebody who takes part. Dates and zones stay as text. */
export interface CalcomPerson {
  readonly name?: Maybe<string>
  readonly email?: Maybe<string>
  readonly timeZone?: Maybe<string>
  readonly language?: Maybe<{ readonly locale?: Maybe<string> }>
  /** Minutes from UTC. */
  readonly utcOffset?: Maybe<number>
  readonly firstName?: Maybe<string>
  readonly lastName?: Maybe<string>
}

/** The host. */
export interface CalcomOrganizer extends CalcomPerson {
  readonly id?: Maybe<number>
  readonly username?: Maybe<string>
  readonly timeFormat?: Maybe<string>
}

/** One answer of the booking form. `value` is text, a list, or an object for a location. */
export interface CalcomResponse {
  readonly label?: Maybe<string>
  readonly value?: unknown
}

/**
 * A booking. `uid`, title, times, status, organizer, attendees and the fields of a change are checked on receipt; the
 * others are typed as documented. Times are ISO 8601 text ending in `Z`, `.000Z` or `+00:00`.
 */
export interface CalcomBooking {
  /** Names the booking. A rescheduled booking is a new one with a new uid. */
  readonly uid: string
  readonly bookingId?: Maybe<number>
  /** Slug of the event type: `60min`. */
  readonly type?: Maybe<string>
  readonly title?: Maybe<string>
  readonly eventTitle?: Maybe<string>
  readonly eventTypeId?: Maybe<number>
  readonly description?: Maybe<string>
  readonly additionalNotes?: Maybe<string>
  readonly startTime?: Maybe<string>
  readonly endTime?: Maybe<string>
  /** Minutes. */
  readonly length?: Maybe<number>
  /** `ACCEPTED`, `PENDING`, `CANCELLED` or `REJECTED`. A confirmed request is `booking.created` with `ACCEPTED`. */
  readonly status?: Maybe<string>
  readonly organizer?: Maybe<CalcomOrganizer>
  readonly attendees?: Maybe<readonly CalcomPerson[]>
  readonly team?: Maybe<{ readonly name?: Maybe<string>; readonly members?: Maybe<readonly CalcomPerson[]> }>
  readonly location?: Maybe<string>
  /** The answers of the booking form by field: `responses.email?.value`. */
  readonly responses?: Maybe<Readonly<Record<string, CalcomResponse | null | undefined>>>
  readonly userFieldsResponses?: Maybe<Readonly<Record<string, CalcomResponse | null | undefined>>>
  readonly customInputs?: Maybe<Readonly<Record<string, unknown>>>
  readonly metadata?: Maybe<Readonly<Record<string, unknown>>>
  readonly videoCallData?: Maybe<Readonly<Record<string, unknown>>>
  readonly appsStatus?: Maybe<readonly Readonly<Record<string, unknown>>[]>
  readonly requiresConfirmation?: Maybe<boolean>
  readonly seatsPerTimeSlot?: Maybe<number>
  readonly seatsShowAttendees?: Maybe<boolean>
  readonly price?: Maybe<number>
  readonly currency?: Maybe<string>
  readonly iCalUID?: Maybe<string>
  readonly iCalSequence?: Maybe<number>
  /** Its form differs between versions of Cal.com. */
  readonly destinationCalendar?: unknown
}

/**
 * A booking as meetings carry it: the fields stand at the root of the body, and the answers of the form are plain
 * values.
 */
export interface CalcomMeeting extends Omit<CalcomBooking, 'responses'> {
  readonly id?: Maybe<number>
  readonly responses?: Maybe<Readonly<Record<string, unknown>>>
  /** The host. */
  readonly user?: Maybe<CalcomPerson>
}

/** A booking that took the place of another. */
export interface CalcomRescheduledBooking extends CalcomBooking {
  /** The uid of the booking that it replaces. */
  readonly rescheduleUid?: Maybe<string>
  readonly rescheduleId?: Maybe<number>
  /** When the replaced booking would have started. */
  readonly rescheduleStartTime?: Maybe<string>
  readonly rescheduleEndTime?: Maybe<string>
  /** E-mail address of whoever did it. */
  readonly rescheduledBy?: Maybe<string>
}

/** A booking that does not take place. */
export interface CalcomCancelledBooking extends CalcomBooking {
  readonly cancelledBy?: Maybe<string>
  readonly cancellationReason?: Maybe<string>
  /** The host asks for another time. */
  readonly requestReschedule?: Maybe<boolean>
}

/** A request that the host turned down. */
export interface CalcomRejectedBooking extends CalcomBooking {
  readonly rejectionReason?: Maybe<string>
}

/** A booking with a payment. */
export interface CalcomPaidBooking extends CalcomBooking {
  readonly paymentId?: Maybe<number>
  readonly paymentData?: unknown
}

/** Who did not come. */
export interface CalcomNoShow {
  readonly bookingUid?: Maybe<string>
  readonly bookingId?: Maybe<number>
  readonly message?: Maybe<string>
  readonly attendees?: Maybe<readonly { readonly email?: Maybe<string>; readonly noShow?: Maybe<boolean> }[]>
}

/** A booking whose recording or transcript is ready. */
export interface CalcomRecording extends CalcomBooking {
  /** `recording.ready`. */
  readonly downloadLink?: Maybe<string>
  /** `recording.transcription_generated`. */
  readonly downloadLinks?: unknown
}

/** A routing form that was filled in. `raw` repeats the answers at the root of the body. */
export interface CalcomForm {
  readonly formId?: Maybe<string>
  readonly formName?: Maybe<string>
  readonly teamId?: Maybe<number>
  readonly responses?: Maybe<Readonly<Record<string, unknown>>>
}

/** An absence. */
export interface CalcomOutOfOffice {
  readonly oooEntry?: Maybe<Readonly<Record<string, unknown>>>
}

/** Data of triggers that Cal.com does not describe. */
export type CalcomData = Readonly<Record<string, unknown>>

/** Everything that Cal.com sends. */
export type CalcomEvents = {
  readonly 'booking.created': CalcomBooking
  readonly 'booking.rescheduled': CalcomRescheduledBooking
  readonly 'booking.requested': CalcomBooking
  readonly 'booking.cancelled': CalcomCancelledBooking
  readonly 'booking.rejected': CalcomRejectedBooking
  readonly 'booking.payment_initiated': CalcomPaidBooking
  readonly 'booking.paid': CalcomPaidBooking
  readonly 'booking.no_show_updated': CalcomNoShow
  readonly 'booking.location_updated': CalcomBooking
  readonly 'booking.reassigned': CalcomBooking
  /**
   * Cal.com itself never sends this: a confirmed request arrives as `booking.created` with the status `ACCEPTED`.
   * It is listed because integration guides name `BOOKING_CONFIRMED`, and gateways in front of Cal.com may send it.
   */
  readonly 'booking.confirmed': CalcomBooking
  readonly 'form.submitted': CalcomForm
  /** A form was submitted, and no booking followed within 15 minutes. */
  readonly 'form.submitted_no_event': CalcomForm
  readonly 'meeting.started': CalcomMeeting
  readonly 'meeting.ended': CalcomMeeting
  readonly 'meeting.hosts_no_show': CalcomData
  readonly 'meeting.guests_no_show': CalcomData
  readonly 'recording.ready': CalcomRecording
  readonly 'recording.transcription_generated': CalcomRecording
  readonly 'instant_meeting.created': CalcomData
  readonly 'instant_meeting.accepted': CalcomData
  readonly 'ooo.created': CalcomOutOfOffice
  readonly 'routing_form.fallback_hit': CalcomData
  readonly 'assignment.reported_wrong': CalcomData
  readonly 'delegation_credential.failed': CalcomData
  readonly 'delegation_credential.secret_rotated': CalcomData
  readonly 'delegation_credential.secret_rotation_failed': CalcomData
  readonly 'delegation_credential.rotation_required': CalcomData
  readonly 'calendar_entry.rejected': CalcomData
  /** The test button of the settings page. */
  readonly 'ping.received': CalcomData
}

/** The events of a webhook with a custom template, whose data has the shape of the template. */
export type CalcomTemplateEvents = { readonly [Type in keyof CalcomEvents]: unknown }
