import type * as z from 'zod/mini'
import type { CustomFieldValues } from './custom-fields.ts'
import {
  activityFields,
  activityTypeFields,
  dealFields,
  leadFields,
  noteFields,
  organizationFields,
  personFields,
  pipelineFields,
  plainFields,
  productFields,
  stageFields,
  userFields,
} from './record-fields.ts'

/*
 * One type per entity for both payload versions. Every field but `id` may be missing, because the versions differ:
 * where v1 and v2 name the same thing differently (`user_id` and `owner_id` of a deal, `email` and `emails` of a
 * person, `active` and `active_flag` of a pipeline), both names are there and a record has the one of its version.
 * Points in time are text as sent: `2025-02-17 21:15:41` (UTC) in v1, `2025-02-17T21:15:41Z` in v2.
 * Source: https://pipedrive.readme.io/docs/guide-for-webhooks-v2 and https://pipedrive.readme.io/docs/guide-for-webhooks
 */

interface Numbered {
  readonly id: number
}

interface Customizable {
  /** Custom fields by key, unwrapped, in both payload versions. v1 does not say the type of a field: its options are as v1 writes them (several are comma-separated text). */
  readonly custom_fields?: CustomFieldValues
}

type FieldsOf<Shape extends () => z.core.$ZodShape> = Readonly<
  Omit<z.core.output<z.ZodMiniObject<ReturnType<Shape>>>, 'custom_fields' | 'id'>
>

/** A call, meeting, task, … on somebody's calendar. */
export interface Activity extends FieldsOf<typeof activityFields>, Numbered, Customizable {}
/** A kind of activity. Only in webhooks v1. */
export interface ActivityType extends FieldsOf<typeof activityTypeFields>, Numbered {}
/** A sales opportunity. Its owner is `owner_id` in v2, `user_id` in v1. */
export interface Deal extends FieldsOf<typeof dealFields>, Numbered, Customizable {}
/** A deal to be, from the leads inbox. Its id is a UUID. */
export interface Lead extends FieldsOf<typeof leadFields>, Customizable {
  readonly id: string
}
/** A text pinned to a deal, person, organization, lead or project. */
export interface Note extends FieldsOf<typeof noteFields>, Numbered {}
/** A company. */
export interface Organization extends FieldsOf<typeof organizationFields>, Numbered, Customizable {}
/** A contact. Addresses are `emails` and `phones` in v2, `email` and `phone` in v1. */
export interface Person extends FieldsOf<typeof personFields>, Numbered, Customizable {}
/** A sequence of stages. */
export interface Pipeline extends FieldsOf<typeof pipelineFields>, Numbered {}
/** Something sold. */
export interface Product extends FieldsOf<typeof productFields>, Numbered, Customizable {}
/** A step of a pipeline. */
export interface Stage extends FieldsOf<typeof stageFields>, Numbered {}
/** A user of the Pipedrive account. The id is a number in v1 and text in v2. */
export interface User extends FieldsOf<typeof userFields> {
  readonly id: number | string
}
/** A record whose fields are not described here. */
export interface OtherRecord extends Readonly<Record<string, unknown>> {
  readonly id: number | string
}

/** What webhooks can be about, with the record each carries. */
export interface PipedriveRecords {
  activity: Activity
  activity_type: ActivityType
  board: OtherRecord
  deal: Deal
  deal_installment: OtherRecord
  deal_product: OtherRecord
  lead: Lead
  note: Note
  organization: Organization
  person: Person
  phase: OtherRecord
  pipeline: Pipeline
  product: Product
  project: OtherRecord
  stage: Stage
  task: OtherRecord
  user: User
}

/** An entity's canonical name. */
export type PipedriveEntity = keyof PipedriveRecords

/** The fields of each entity's record. */
export const recordFields = {
  activity: activityFields,
  activity_type: activityTypeFields,
  board: plainFields,
  deal: dealFields,
  deal_installment: plainFields,
  deal_product: plainFields,
  lead: leadFields,
  note: noteFields,
  organization: organizationFields,
  person: personFields,
  phase: plainFields,
  pipeline: pipelineFields,
  product: productFields,
  project: plainFields,
  stage: stageFields,
  task: plainFields,
  user: userFields,
} as const satisfies Record<PipedriveEntity, () => z.core.$ZodShape>

const ENTITIES: ReadonlySet<string> = new Set(Object.keys(recordFields))

/** Whether a canonical entity is one that Pipedrive documents. */
export function isPipedriveEntity(entity: string): entity is PipedriveEntity {
  return ENTITIES.has(entity)
}
