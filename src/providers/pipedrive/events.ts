import type { PipedriveChange } from './change.ts'
import { isPipedriveEntity, type PipedriveEntity, type PipedriveRecords, recordFields } from './records.ts'

/** Entities of which two records can become one. */
export type MergeableEntity = 'deal' | 'organization' | 'person'

/**
 * Event types of Pipedrive with the data each carries: `created`, `updated` and `deleted` of every entity, `merged`
 * of deals, organizations and persons.
 */
export type PipedriveEvents = {
  readonly [Entity in PipedriveEntity as `${Entity}.${'created' | 'updated' | 'deleted'}`]: PipedriveChange<
    PipedriveRecords[Entity]
  >
} & {
  readonly [Entity in MergeableEntity as `${Entity}.merged`]: PipedriveChange<PipedriveRecords[Entity]>
}

/** Actions of both payload versions. A merge is an action of its own in v1; v2 marks it on a change and a delete. */
const ACTIONS: Readonly<Record<string, string>> = {
  added: 'created',
  create: 'created',
  updated: 'updated',
  change: 'updated',
  deleted: 'deleted',
  delete: 'deleted',
  merged: 'merged',
}

const MERGEABLE: readonly string[] = ['deal', 'organization', 'person'] satisfies MergeableEntity[]

/** `added` → `created`; an action that is not listed stays as it is, in lower case. */
export function canonicalAction(action: string): string {
  return (Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined) ?? snakeCase(action)
}

/** `activityType` → `activity_type`. */
export function canonicalEntity(name: string): string {
  return isPipedriveEntity(name) ? name : snakeCase(name)
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
}

/** Whether Pipedrive documents events of this kind. */
export function isKnownEvent(entity: string, action: string): entity is PipedriveEntity {
  if (!isPipedriveEntity(entity)) return false
  return action === 'merged' ? MERGEABLE.includes(entity) : ['created', 'updated', 'deleted'].includes(action)
}

/** `updated.deal` and `change.deal` → `deal.updated`, for every documented event of both versions. */
export function nativeTypes(): Readonly<Record<string, keyof PipedriveEvents>> {
  const types: Record<string, keyof PipedriveEvents> = {}
  for (const entity of Object.keys(recordFields)) {
    const sent = entity === 'activity_type' ? 'activityType' : entity
    for (const [action, canonical] of Object.entries(ACTIONS)) {
      const type = `${entity}.${canonical}`
      if (isKnownEvent(entity, canonical)) types[`${action}.${sent}`] = type as keyof PipedriveEvents
    }
  }
  return types
}
