import * as z from 'zod/mini'
import {
  anyId,
  code,
  contactDetails,
  flag,
  ids,
  number,
  numericId,
  object,
  objects,
  text,
  textId,
  timeOfDay,
} from './field-kinds.ts'

/*
 * What each entity's record may hold, under the names of both payload versions. Every field may be missing or null,
 * lists of words are open, and fields whose form differs between accounts are left unchecked: what Pipedrive adds
 * or leaves out must not stop events. Built on first use only.
 */

/** What both versions of most records have. */
const common = () => ({ id: numericId(), add_time: text(), update_time: text() })

export const activityFields = () => ({
  ...common(),
  subject: text(),
  type: text(),
  done: flag(),
  due_date: text(),
  due_time: timeOfDay(),
  duration: timeOfDay(),
  deal_id: number(),
  lead_id: text(),
  person_id: number(),
  org_id: number(),
  project_id: number(),
  owner_id: number(),
  user_id: number(),
  creator_user_id: number(),
  update_user_id: number(),
  location: z.nullish(z.union([z.string(), z.looseObject({})])),
  note: text(),
  public_description: text(),
  busy_flag: flag(),
  active_flag: flag(),
  marked_as_done_time: text(),
  deal_title: text(),
  person_name: text(),
  org_name: text(),
  owner_name: text(),
  custom_fields: object(),
})

export const activityTypeFields = () => ({
  ...common(),
  name: text(),
  key_string: text(),
  icon_key: text(),
  color: text(),
  order_nr: number(),
  active_flag: flag(),
  is_custom_flag: flag(),
})

export const dealFields = () => ({ ...common(), ...dealBasics(), ...dealTimes(), ...dealFieldsOfV1() })

const dealBasics = () => ({
  title: text(),
  status: text(),
  value: number(),
  currency: text(),
  stage_id: number(),
  pipeline_id: number(),
  person_id: number(),
  org_id: number(),
  owner_id: number(),
  user_id: number(),
  creator_user_id: number(),
  probability: number(),
  lost_reason: text(),
  visible_to: code(),
  label: code(),
  label_ids: ids(),
  origin: text(),
  origin_id: text(),
  channel: number(),
  channel_id: text(),
  acv: number(),
  arr: number(),
  mrr: number(),
  is_archived: flag(),
  is_deleted: flag(),
  custom_fields: object(),
})

const dealTimes = () => ({
  stage_change_time: text(),
  close_time: text(),
  won_time: text(),
  first_won_time: text(),
  lost_time: text(),
  archive_time: text(),
  rotten_time: text(),
  expected_close_date: text(),
  local_won_date: text(),
  local_lost_date: text(),
  local_close_date: text(),
})

const dealFieldsOfV1 = () => ({
  active: flag(),
  deleted: flag(),
  person_name: text(),
  org_name: text(),
  owner_name: text(),
  stage_order_nr: number(),
  formatted_value: text(),
  weighted_value: number(),
  weighted_value_currency: text(),
  formatted_weighted_value: text(),
  products_count: number(),
  files_count: number(),
  notes_count: number(),
  followers_count: number(),
  participants_count: number(),
  email_messages_count: number(),
  activities_count: number(),
  done_activities_count: number(),
  undone_activities_count: number(),
  next_activity_id: number(),
  next_activity_date: text(),
  next_activity_time: text(),
  next_activity_subject: text(),
  next_activity_type: text(),
  last_activity_id: number(),
  last_activity_date: text(),
  last_incoming_mail_time: text(),
  last_outgoing_mail_time: text(),
  cc_email: text(),
  org_hidden: flag(),
  person_hidden: flag(),
})

export const leadFields = () => ({
  ...common(),
  id: textId(),
  title: text(),
  owner_id: number(),
  creator_id: number(),
  person_id: number(),
  organization_id: number(),
  value: z.nullish(z.object({ amount: z.nullish(z.number()), currency: z.nullish(z.string()) })),
  label_ids: z.nullish(z.array(z.string())),
  is_archived: flag(),
  was_seen: flag(),
  source_name: text(),
  origin: text(),
  origin_id: text(),
  channel: number(),
  channel_id: text(),
  expected_close_date: text(),
  next_activity_id: number(),
  custom_fields: object(),
})

export const noteFields = () => ({
  ...common(),
  content: text(),
  user_id: number(),
  deal_id: number(),
  person_id: number(),
  org_id: number(),
  lead_id: text(),
  project_id: number(),
  active_flag: flag(),
  pinned_to_deal_flag: flag(),
  pinned_to_person_flag: flag(),
  pinned_to_organization_flag: flag(),
})

export const organizationFields = () => ({
  ...common(),
  name: text(),
  owner_id: number(),
  owner_name: text(),
  address: z.nullish(z.union([z.string(), z.looseObject({})])),
  country_code: text(),
  label: code(),
  label_ids: ids(),
  picture_id: z.optional(z.unknown()),
  visible_to: code(),
  active_flag: flag(),
  cc_email: text(),
  people_count: number(),
  open_deals_count: number(),
  won_deals_count: number(),
  lost_deals_count: number(),
  custom_fields: object(),
})

export const personFields = () => ({
  ...common(),
  name: text(),
  first_name: text(),
  last_name: text(),
  emails: contactDetails(),
  phones: contactDetails(),
  email: contactDetails(),
  phone: contactDetails(),
  label: code(),
  label_ids: ids(),
  org_id: number(),
  org_name: text(),
  owner_id: number(),
  owner_name: text(),
  picture_id: z.optional(z.unknown()),
  visible_to: code(),
  active_flag: flag(),
  cc_email: text(),
  open_deals_count: number(),
  won_deals_count: number(),
  lost_deals_count: number(),
  custom_fields: object(),
})

export const pipelineFields = () => ({
  ...common(),
  name: text(),
  url_title: text(),
  order_nr: number(),
  active_flag: flag(),
  active: flag(),
  deal_probability: z.nullish(z.union([z.boolean(), z.number()])),
})

export const productFields = () => ({
  ...common(),
  name: text(),
  code: text(),
  category: code(),
  description: text(),
  unit: text(),
  tax: number(),
  selectable: flag(),
  active_flag: flag(),
  owner_id: number(),
  visible_to: code(),
  prices: z.nullish(
    z.array(
      z.object({
        product_id: number(),
        price: number(),
        cost: number(),
        direct_cost: number(),
        currency: text(),
        notes: text(),
      }),
    ),
  ),
  custom_fields: object(),
})

export const stageFields = () => ({
  ...common(),
  name: text(),
  pipeline_id: number(),
  order_nr: number(),
  active_flag: flag(),
  deal_probability: number(),
  rotten_flag: flag(),
  rotten_days: number(),
})

export const userFields = () => ({
  id: anyId(),
  name: text(),
  email: text(),
  phone: text(),
  locale: text(),
  lang: code(),
  active_flag: flag(),
  default_currency: text(),
  timezone_name: text(),
  icon_url: text(),
  last_login: text(),
  created: text(),
  modified: text(),
  access: objects(),
})

/** Added to webhooks in April 2026; their fields are in the API reference and are not checked here. */
export const plainFields = () => ({ id: anyId(), custom_fields: object() })
