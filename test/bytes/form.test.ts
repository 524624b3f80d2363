import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { readForm } from '../../src/bytes/form.ts'

describe('forms', () => {
  it('are read in order, repeated names and all', () => {
    const form = readForm(utf8('b=1&a=%20x+y&b=2'))
    expect(form.ok && [...form.fields]).toEqual([
      ['b', '1'],
      ['a', ' x y'],
      ['b', '2'],
    ])
    expect(readForm(new Uint8Array(0))).toMatchObject({ ok: true })
  })

  it('are refused with more than 2000 fields, and when they are no text', () => {
    expect(readForm(utf8('&'.repeat(1999)))).toMatchObject({ ok: true })
    expect(readForm(utf8('&'.repeat(2000)))).toMatchObject({
      ok: false,
      message: expect.stringContaining('2000') as string,
    })
    expect(readForm(new Uint8Array([0xff]))).toMatchObject({ ok: false })
  })
})
