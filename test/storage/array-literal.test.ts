import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { arrayLiteral } from '../../src/storage/sql/postgres/array-literal.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

describe('a list as PostgreSQL writes it', () => {
  it('is as the manual says', () => {
    expect(arrayLiteral([])).toBe('{}')
    expect(arrayLiteral([1, -2.5, null])).toBe('{1,-2.5,null}')
    expect(arrayLiteral(['a "b" \\', 'null', '', '{}', 'a,b'])).toBe(String.raw`{"a \"b\" \\","null","","{}","a,b"}`)
    expect(arrayLiteral(['two\nlines', null, 7])).toBe('{"two\nlines",null,7}')
  })
})

let postgres: TestPostgres | undefined
let client: Client | undefined
beforeAll(async () => {
  postgres = await startPostgres()
  if (postgres === undefined) return
  client = new Client({ connectionString: postgres.url })
  await client.connect()
}, 60_000)
afterAll(async () => {
  await client?.end()
  await postgres?.stop()
})

describe('PostgreSQL', () => {
  it('reads back what was written', async ({ skip }) => {
    if (client === undefined) return skip()
    const { query } = { query: client.query.bind(client) }
    const text = fc
      .oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('null', '\\', '"', '\\"', '\n', '\t{"a":"\\n"}', 'é😀'),
      )
      .map(value => value.replaceAll('\0', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text)), async list => {
        const { rows } = await query<{ list: string[] }>('select $1::text[] as list', [arrayLiteral(list)])
        expect(rows[0]?.list).toEqual(list)
      }),
      { numRuns: 300 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))), async list => {
        const { rows } = await query<{ list: number[] }>('select $1::double precision[] as list', [arrayLiteral(list)])
        expect(rows[0]?.list.map(value => (value === null ? null : value + 0))).toEqual(
          list.map(value => (value === null ? null : value + 0)),
        )
      }),
      { numRuns: 100 },
    )
  })
})
