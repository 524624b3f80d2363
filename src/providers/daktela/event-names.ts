/** Daktela's activity types, by the prefix of its event names. */
export type DaktelaActivityType = 'call' | 'email' | 'web' | 'sms' | 'fbm' | 'wap' | 'vbr' | 'igdm'

/** What an event of Daktela is about. Another prefix of your own template stands for itself. */
export type DaktelaEntityType = 'contact' | 'account' | 'activity' | (string & {})

interface Prefix {
  /** The canonical entity. */
  readonly entity: string
  readonly entityType: 'contact' | 'account' | 'activity'
  readonly activityType?: DaktelaActivityType
}

/** The one table of prefixes: two that must agree would sooner or later not. */
const PREFIXES = {
  contact: { entity: 'contact', entityType: 'contact' },
  account: { entity: 'account', entityType: 'account' },
  call: { entity: 'call', entityType: 'activity', activityType: 'call' },
  email: { entity: 'email', entityType: 'activity', activityType: 'email' },
  web: { entity: 'chat', entityType: 'activity', activityType: 'web' },
  sms: { entity: 'sms', entityType: 'activity', activityType: 'sms' },
  fbm: { entity: 'messenger', entityType: 'activity', activityType: 'fbm' },
  wap: { entity: 'whatsapp', entityType: 'activity', activityType: 'wap' },
  vbr: { entity: 'viber', entityType: 'activity', activityType: 'vbr' },
  igdm: { entity: 'instagram', entityType: 'activity', activityType: 'igdm' },
} as const satisfies Record<string, Prefix>

type Prefixes = typeof PREFIXES
type Activities = {
  [P in keyof Prefixes]: Prefixes[P] extends { entityType: 'activity' } ? Prefixes[P]['entity'] : never
}
type ActivityEntity = Activities[keyof Prefixes]

/** Canonical types of Daktela's documented events. */
export type DaktelaEventType =
  | `${'contact' | 'account'}.${'created' | 'updated' | 'deleted'}`
  | `${ActivityEntity}.${'created' | 'closed'}`
  | 'call.answered'

const VERBS = new Map([
  ['create', 'created'],
  ['update', 'updated'],
  ['delete', 'deleted'],
  ['answer', 'answered'],
  ['close', 'closed'],
])

/** `call_close` → `call.closed`, for every documented event. */
export const DAKTELA_EVENTS: Readonly<Record<string, DaktelaEventType>> = Object.fromEntries(
  Object.entries<Prefix>(PREFIXES).flatMap(([prefix, { entityType }]) =>
    verbsOf(prefix, entityType).map(verb => [`${prefix}_${verb}`, canonicalName(`${prefix}_${verb}`)]),
  ),
) as Record<string, DaktelaEventType>

function verbsOf(prefix: string, entityType: string): readonly string[] {
  if (entityType !== 'activity') return ['create', 'update', 'delete']
  return prefix === 'call' ? ['create', 'answer', 'close'] : ['create', 'close']
}

/** A name as `entity.action`, also where it is not documented: `ticket_close` → `ticket.closed`. */
export function canonicalName(event: string): string {
  const [prefix, verb] = cut(event)
  const entity = prefixOf(prefix)?.entity ?? plain(prefix)
  return verb === '' ? entity : `${entity}.${VERBS.get(verb) ?? plain(verb)}`
}

/** One segment of a type, whatever a template of somebody's own makes of it. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_]+/g, '_') || 'unknown'
}

/** What an event is about, by the text before the first underscore; an unknown prefix stands for itself. */
export function subjectOf(event: string): { entityType: DaktelaEntityType; activityType: DaktelaActivityType | null } {
  const [name] = cut(event)
  const prefix = prefixOf(name)
  return { entityType: prefix?.entityType ?? name, activityType: prefix?.activityType ?? null }
}

function prefixOf(name: string): Prefix | undefined {
  return Object.hasOwn(PREFIXES, name) ? PREFIXES[name as keyof Prefixes] : undefined
}

function cut(event: string): readonly [prefix: string, verb: string] {
  const at = event.indexOf('_')
  return at === -1 ? [event, ''] : [event.slice(0, at), event.slice(at + 1)]
}
