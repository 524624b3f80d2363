import type { ServiceCase } from './service-case.ts'
import { clip, type Escape, escapeAll, type Measure } from './text.ts'

/** What the parts of a case are called in messages. */
export interface CaseLabels {
  readonly reference: string
  readonly category: string
  readonly priority: string
  readonly customer: string
  readonly company: string
  readonly phone: string
  readonly email: string
  readonly location: string
  readonly problemSince: string
  readonly othersAffected: string
  readonly createdAt: string
  readonly recording: string
}

/** What they are called by default. */
export const ENGLISH: CaseLabels = {
  reference: 'Reference',
  category: 'Category',
  priority: 'Priority',
  customer: 'Customer',
  company: 'Company',
  phone: 'Phone',
  email: 'E-mail',
  location: 'Location',
  problemSince: 'Since',
  othersAffected: 'Others affected',
  createdAt: 'Created',
  recording: 'Recording',
}

/** One part of a case with its label. */
export interface CaseFact {
  readonly label: string
  readonly value: string
}

/** Everything a case says beside its subject and description, in reading order; what is absent is left out. */
export function caseFacts(serviceCase: ServiceCase, labels: Partial<CaseLabels> = {}): readonly CaseFact[] {
  const { customer } = serviceCase
  const values: Readonly<Record<keyof CaseLabels, string | undefined>> = {
    reference: serviceCase.reference,
    category: serviceCase.category,
    priority: serviceCase.priority,
    customer: customer.name,
    company: customer.company,
    phone: customer.phone,
    email: customer.email,
    location: customer.location,
    problemSince: serviceCase.problemSince,
    othersAffected: serviceCase.othersAffected,
    createdAt: serviceCase.createdAt,
    recording: serviceCase.recordingUrl,
  }
  const facts: CaseFact[] = []
  for (const key of Object.keys(ENGLISH) as ReadonlyArray<keyof CaseLabels>) {
    const value = values[key]
    if (value !== undefined) facts.push({ label: labels[key] ?? ENGLISH[key], value })
  }
  return facts
}

/** How {@link caseText} writes. */
export interface CaseTextOptions {
  readonly labels?: Partial<CaseLabels> | undefined
  /** Of the whole text, counted by `measure`. */
  readonly limit: number
  readonly escaping?: Escape
  readonly measure?: Measure
  /** Put before everything else, already escaped. */
  readonly heading?: string
  /** A line break as the target wants it. Default `\n`. */
  readonly newline?: string
}

/** The description and, below it, the facts, one a line. The description gives way when the limit is reached. */
export function caseText(serviceCase: ServiceCase, options: CaseTextOptions): string {
  const { limit, escaping = same, measure = units, heading = '', newline = '\n' } = options
  const gap = newline + newline
  const lines = caseFacts(serviceCase, options.labels).map(
    ({ label, value }) => `${escapeAll(label, escaping)}: ${clip(value, MAX_FACT, escaping)}`,
  )
  const facts = clipLines(lines, newline, Math.floor(limit / 2), measure)
  const rest = limit - measure(heading) - measure(facts) - 2 * measure(gap)
  const description = clip(serviceCase.description ?? '', rest, escaping, measure)
  return [heading, description, facts].filter(part => part !== '').join(gap)
}

const MAX_FACT = 500
const same: Escape = character => character
const units: Measure = written => written.length

/** As many whole lines as fit. */
function clipLines(lines: readonly string[], newline: string, limit: number, measure: Measure): string {
  let text = ''
  for (const line of lines) {
    const longer = text === '' ? line : text + newline + line
    if (measure(longer) > limit) return text
    text = longer
  }
  return text
}
