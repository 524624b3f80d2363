type Maybe<T> = T | null | undefined

/**
 * A lead, with DevLink's French field names. Only `id` is checked on receipt: a webhook with a transformation sends
 * whatever its script makes.
 */
export interface DevlinkLead {
  readonly id?: Maybe<string | number>
  /** Last name. */
  readonly nom?: Maybe<string>
  /** First name. */
  readonly prenom?: Maybe<string>
  readonly email?: Maybe<string>
  readonly telephone?: Maybe<string>
  /** Status: `nouveau`, … */
  readonly statut?: Maybe<string>
  /** ISO 8601. */
  readonly created_at?: Maybe<string>
  /** `lead.updated`, as far as the application fills it in. */
  readonly changes?: unknown
  readonly [field: string]: unknown
}

/** An appointment or a file. */
export interface DevlinkRecord {
  readonly id?: Maybe<string | number>
  readonly [field: string]: unknown
}

/** A delivery made with the button "Tester". */
export interface DevlinkTest {
  readonly test: true
  readonly message?: Maybe<string>
  readonly timestamp?: Maybe<string>
}

/** Everything that DevLink sends. */
export type DevlinkEvents = {
  readonly 'lead.created': DevlinkLead
  readonly 'lead.updated': DevlinkLead
  readonly 'lead.deleted': DevlinkLead
  readonly 'lead.status_changed': DevlinkLead
  readonly 'appointment.created': DevlinkRecord
  readonly 'appointment.updated': DevlinkRecord
  readonly 'appointment.cancelled': DevlinkRecord
  readonly 'file.uploaded': DevlinkRecord
  readonly 'file.deleted': DevlinkRecord
  /** A test, which DevLink itself labels `lead.created`. */
  readonly 'test.received': DevlinkTest
}
