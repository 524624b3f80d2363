import type { Job } from './queue.ts'

const TEXT = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(15)

/** What an event says: about 1 KB of JSON. */
export function dataOf(number: number): Readonly<Record<string, unknown>> {
  return {
    number,
    id: 4_200 + number,
    title: `Renewal of contract no. ${number}`,
    value: 1_234.5,
    currency: 'EUR',
    owner: { id: 77, name: 'Jane Doe', email: 'jane@example.com' },
    text: TEXT,
  }
}

/** Jobs that go to so many endpoints in turn. */
export function jobs(from: number, count: number, endpoints: number): Job[] {
  return Array.from({ length: count }, (_, i) => {
    const number = from + i
    return { number, endpoint: number % endpoints, body: JSON.stringify(dataOf(number)) }
  })
}
