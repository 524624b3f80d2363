import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WebhookError } from '../../src/errors.ts'
import { findJsonError } from '../../src/templates/json-error.ts'
import { compileTemplate } from '../../src/templates/template.ts'

const render = (template: unknown, values: unknown): unknown => compileTemplate(template).render(values)
const leaf = (text: string, values: unknown): unknown => render([text], values)

describe('placeholders', () => {
  const values = {
    subject: 'Printer',
    empty: '',
    nothing: null,
    zero: 0,
    no: false,
    count: 2,
    big: 1e21,
    customer: { name: 'Jane', 'odd key': 1 },
    list: ['a', { b: 1 }],
    straße: 'Unter den Linden',
    at: new Date(0),
  }
  it.each([
    ['{{subject}}', 'Printer'],
    ['{{ subject }}', 'Printer'],
    ['a {{subject}} b {{count}}', 'a Printer b 2'],
    ['{{customer.name}}', 'Jane'],
    ['{{list.0}}', 'a'],
    ['{{list.1.b}}', '1'],
    ['{{count}}', '2'],
    ['{{zero}}', '0'],
    ['{{no}}', 'false'],
    ['{{big}}', '1e+21'],
    ['{{nothing}}', ''],
    ['{{missing.deep.path}}', ''],
    ['{{subject.length}}', ''],
    ['{{list}}', '["a",{"b":1}]'],
    ['{{customer}}', '{"name":"Jane","odd key":1}'],
    ['{{at}}', '1970-01-01T00:00:00.000Z'],
    ['{{straße}}', 'Unter den Linden'],
    ['{{missing|default:N/A}}', 'N/A'],
    ['{{ empty | default: Not given }}', 'Not given'],
    ['{{nothing|default:é, ü – "q"}}', 'é, ü – "q"'],
    ['{{zero|default:x}}', '0'],
    ['{{no|default:x}}', 'false'],
    ['{{missing|default:}}', ''],
    ['{{subject|default:x}}', 'Printer'],
    ['p={{count|json}} {{subject|json}} {{missing|json}}', 'p=2 "Printer" null'],
    ['{{{subject}}}', '{Printer}'],
    ['{{#if subject}}x{{/if}}', '{{#if subject}}x{{/if}}'],
    ['{{subject|upper}}', '{{subject|upper}}'],
    ['{{a-b}}', '{{a-b}}'],
    ['{{}}', '{{}}'],
    ['{{.subject}} {{a..b}}', '{{.subject}} {{a..b}}'],
    ['{subject} {{subject', '{subject} {{subject'],
    ['{{x {{subject}}', '{{x Printer'],
    ['', ''],
  ])('%s gives %s', (text, expected) => expect(leaf(text, values)).toEqual([expected]))

  it.each([
    ['{{count|json}}', 2],
    ['{{ no | json }}', false],
    ['{{list|json}}', ['a', { b: 1 }]],
    ['{{nothing|json}}', null],
    ['{{missing|json}}', null],
    ['{{subject|json}}', 'Printer'],
  ])('%s as a whole leaf keeps the type', (text, expected) => expect(leaf(text, values)).toEqual([expected]))
})

describe('values that try to break out', () => {
  const nasty = [
    'He said "no"',
    'C:\\temp\\new',
    'line one\nline two\r\n\ttab',
    '"},{"admin":true',
    '{{secret}}',
    '{{value}}',
    '{{secret|json}}',
    '}}{{',
    '\u2028\u2029\u0000\u001f',
    '\ud83d\ude00 \ud83d lone \ude00',
    '$& $1 $$ %s',
    '</script>',
    '__proto__',
  ]
  it.each(nasty)('%j arrives as it is', value => {
    const template = compileTemplate('{"a":"<{{value}}>","b":{"c":["{{value}}"]}}')
    const expected = { a: `<${value}>`, b: { c: [value] } }
    expect(template.render({ value, secret: 'LEAKED' })).toEqual(expected)
    expect(JSON.parse(template.renderText({ value, secret: 'LEAKED' }))).toEqual(expected)
  })

  it.each([
    '__proto__',
    '__proto__.polluted',
    'constructor',
    'constructor.name',
    'toString',
    'hasOwnProperty',
    'text.length',
    'list.map',
    'list.constructor.name',
  ])('%s does not reach what the data does not hold', path => {
    expect(leaf(`[{{${path}}}]`, { text: 'abc', list: [] })).toEqual(['[]'])
  })

  it('finds own properties with those names', () => {
    expect(leaf('{{__proto__.x}} {{constructor}}', JSON.parse('{"__proto__":{"x":1},"constructor":"c"}'))).toEqual([
      '1 c',
    ])
  })

  it('keeps a key named __proto__ a key', () => {
    const result = render('{"__proto__":{"polluted":"{{v}}"}}', { v: 'x' })
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":"x"}}')
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
  })

  it('leaves keys and other leaves alone', () => {
    const document = { '{{a}}': 1, b: [true, null, 1.5, 'plain'] }
    expect(render(document, { a: 'x' })).toEqual(document)
  })

  it('takes values of any kind for the root', () => {
    for (const values of [undefined, null, 5, 'text', [], new Map()]) expect(leaf('[{{a}}]', values)).toEqual(['[]'])
  })

  it('gives a fresh document each time, and is not touched by later changes of its source', () => {
    const source = { a: { b: '{{v}}' } }
    const template = compileTemplate(source)
    source.a.b = 'changed'
    const first = template.render({ v: 1 }) as { a: { b: string } }
    first.a.b = 'changed'
    expect(template.render({ v: 2 })).toEqual({ a: { b: '2' } })
  })

  it('copes with huge values and hostile templates in linear work', () => {
    const huge = 'x"\\'.repeat(1_000_000)
    expect(leaf('{{v}}', { v: huge })).toEqual([huge])
    for (const piece of ['{{', '{{a|default:', '{{{{a ', '{{ ', '{{a}} {{', '}}{{a.']) {
      const text = piece.repeat(200_000)
      expect(typeof compileTemplate([text]).render({})).toBe('object')
    }
  })

  it('escapes what comes in, defaults too, and nothing else', () => {
    const template = compileTemplate({ a: '<b>{{v}}</b>{{w|default:<x>}}', b: '{{v|json}}' })
    const toHtml = (text: string): string => text.replaceAll('<', '&lt;')
    expect(template.render({ v: '<i>' }, { escape: toHtml })).toEqual({ a: '<b>&lt;i></b>&lt;x>', b: '<i>' })
  })

  it('says which value cannot be written', () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    expect(() => leaf('{{v}}', { v: circular })).toThrow(/value of v /)
  })
})

describe('structure', () => {
  const template = compileTemplate({
    title: '{{a}}',
    nested: { list: ['{{b.c}}', 'fixed', { deep: 'x {{a|default:none}} y' }], number: 5, nothing: null },
    json: 'as text: {{a|json}}',
  })
  const shape = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shape)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape(member)]))
        : value === null
          ? 'null'
          : typeof value
  const expected = shape(template.render({}))

  it('is that of the template for 100 000 random values', () => {
    const anything = fc.anything({ withNullPrototype: true, maxDepth: 2 })
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.constantFrom('"', '\\', '{{a}}', '"}'))
    fc.assert(
      fc.property(fc.oneof(value, anything), fc.oneof(value, anything), (a, c) => {
        const result: unknown = JSON.parse(template.renderText({ a, b: { c } }))
        return JSON.stringify(shape(result)) === JSON.stringify(expected)
      }),
      { numRuns: 100_000 },
    )
  }, 120_000)

  it('inserts every text unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const parsed: unknown = JSON.parse(compileTemplate('{"v":"{{v}}"}').renderText({ v: text }))
        return (parsed as { v: string }).v === text
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what a template says of itself', () => {
  const template = compileTemplate(
    '{"a":"{{subject}} {{customer.name|default:x}}","b":["{{subject|json}}","{{#if x}}","{{data.x.y}}"]}',
  )

  it('lists variables once, in order', () => {
    expect(template.variables).toEqual(['subject', 'customer.name', 'data.x.y'])
  })
  it('lists what only looks like a placeholder', () => expect(template.ignored).toEqual(['{{#if x}}']))
  it('lists placeholders that were not closed, and those with an unknown filter, with their place', () => {
    const source = {
      title: '{{x',
      list: ['{{x}', 'a {{ x.y | default:no', '{{x {{y}}', '{{x|jason}} {{y | upper }}'],
      literal: ['{{', '{{ }}', '{{#if x}}', '{{a-b}}', '{{x|json}}', '{{ two words', '{{a|b|c', '{{{x}}}', '{{x y|z}}'],
    }
    expect(compileTemplate(source).mistakes).toEqual([
      "title: '{{x' is not closed with }}",
      "list.0: '{{x}' is not closed with }}",
      "list.1: '{{ x.y | default:no' is not closed with }}",
      "list.2: '{{x {{y}}' is not closed with }}",
      "list.3: '{{x|jason}}' has an unknown filter; there are: json, default:text",
      "list.3: '{{y | upper }}' has an unknown filter; there are: json, default:text",
      "literal.6: '{{a|b|c' is not closed with }}",
    ])
    expect(compileTemplate('"{{x"').mistakes).toEqual(["'{{x' is not closed with }}"])
    expect(template.mistakes).toEqual([])
  })
  it('lists unresolved variables', () => {
    expect(template.unresolved([])).toEqual(['subject', 'customer.name', 'data.x.y'])
    expect(template.unresolved(['subject', 'customer.name', 'data.*'])).toEqual([])
    expect(template.unresolved(new Set(['subject', 'customer', 'data.x']))).toEqual(['customer.name', 'data.x.y'])
    expect(compileTemplate(['{{customer}}']).unresolved(['customer.name'])).toEqual([])
  })
})

describe('errors', () => {
  const failure = (source: unknown): WebhookError => {
    try {
      compileTemplate(source)
    } catch (error) {
      if (error instanceof WebhookError) return error
    }
    throw new Error('did not fail')
  }
  it.each([
    ['{"priority": {{priority}}}', 'line 1, column 15', '|json'],
    ['{\n  "a": 1,\n  "b": {{b}}\n}', 'line 3, column 9', 'in quotes'],
    ['{"a": [{{b}}]}', 'line 1, column 9', '|json'],
    ['{{a}}', 'line 1, column 2', '|json'],
    ['{"a": 1,}', 'line 1, column 9', 'comma'],
    ["{'a': 1}", 'line 1, column 2', 'double quotes'],
    ['{"a": “x”}', 'line 1, column 7', 'double quotes'],
    ['{"a": "x\ny"}', 'line 1, column 9', 'escape'],
    ['{"a": "C:\\temp\\x"}', 'line 1, column 15', 'doubled'],
    ['{"a": "x', 'line 1, column 7', 'not closed'],
    ['{"a" 1}', 'line 1, column 6', '":"'],
    ['{"a": 01}', 'line 1, column 8', 'expected ","'],
    ['{} {}', 'line 1, column 4', 'end of the document'],
    ['', 'line 1, column 1', 'empty'],
    ['[nul]', 'line 1, column 2', 'JSON value'],
  ])('%s', (source, place, hint) => {
    const { code, message } = failure(source)
    expect(code).toBe('invalid_template')
    expect(message).toContain(place)
    expect(message).toContain(hint)
  })

  it('refuses what is no JSON value', () => {
    for (const source of [undefined, { a: undefined }, { a: () => 1 }, [1n], Number.NaN, '1e999']) {
      expect(failure(source).code).toBe('invalid_template')
    }
  })

  it('is 200 levels deep and no more, as text and as value', () => {
    const text = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(render(text(200), {})).toEqual(JSON.parse(text(200)))
    expect(failure(text(201)).message).toContain('200')
    expect(failure(text(1_000_000)).message).toContain('200')
    expect(failure(JSON.parse(text(201))).message).toContain('200')
    const circular: unknown[] = []
    circular.push(circular)
    expect(failure(circular).code).toBe('invalid_template')
  })

  it('accepts exactly what JSON.parse accepts', () => {
    const mutate = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', ',', '{', ']', '\\', '0', ' ', '\n', 'e', '-', '.'),
    )
    fc.assert(
      fc.property(mutate, ([json, position, piece]) => {
        const at = position % (json.length + 1)
        const text = json.slice(0, at) + piece + json.slice(at + 1)
        const parses = (run: () => unknown): boolean => {
          try {
            run()
            return true
          } catch {
            return false
          }
        }
        return parses(() => JSON.parse(text)) === (findJsonError(text) === undefined)
      }),
      { numRuns: 20_000 },
    )
  })
})
