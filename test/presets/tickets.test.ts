import { describe, expect, it } from 'vitest'
import { jira } from '../../src/presets/jira.ts'
import { jiraServiceRequest } from '../../src/presets/jira-service-request.ts'
import { otrs } from '../../src/presets/otrs.ts'
import { servicenow } from '../../src/presets/servicenow.ts'
import { settingsOf } from './support/presets.ts'
import { bodyOf, outcomeOf, refusalOf, requestOf } from './support/read.ts'
import { FLAT_CASE, inputOf, SAMPLES } from './support/samples.ts'

describe('jira', () => {
  it('writes the description as an Atlassian document', () => {
    const text = (value: string): object => ({ type: 'text', text: value })
    expect(bodyOf(jira())).toMatchObject({
      fields: {
        project: { key: 'SUPPORT' },
        issuetype: { name: 'Task' },
        summary: 'Printer on fire',
        priority: { name: 'High' },
        description: {
          version: 1,
          type: 'doc',
          content: [
            { type: 'paragraph', content: [text('Line one'), { type: 'hardBreak' }, text('Line two')] },
            { type: 'paragraph', content: [text('Third')] },
            { type: 'bulletList' },
          ],
        },
      },
    })
  })
  it('writes wiki text, escaped, for version 2', () => {
    const data = { subject: 's', description: '{code} [x|http://e] !http://e/p.png! \\\\ \\{a}' }
    expect(bodyOf(jira(), { apiVersion: '2' }, data)).toMatchObject({
      fields: { description: '\\{code} \\[x|http://e] \\!http://e/p.png\\! &#92;&#92; &#92;\\{a}' },
    })
    expect(requestOf(jira(), { apiVersion: '2' }).url).toBe('https://acme.atlassian.net/rest/api/2/issue')
  })
  it('knows sites, Data Centers and cloud ids', () => {
    expect(requestOf(jira(), { site: 'ACME.atlassian.net' }).url).toBe('https://acme.atlassian.net/rest/api/3/issue')
    expect(requestOf(jira(), { site: 'https://jira.example.com/jira/' }).url).toBe(
      'https://jira.example.com/jira/rest/api/3/issue',
    )
    const cloudId = '11223344-a1b2-3b33-c444-def123456789'
    expect(requestOf(jira(), { site: undefined, cloudId }).url).toBe(
      `https://api.atlassian.com/ex/jira/${cloudId}/rest/api/3/issue`,
    )
    expect(refusalOf(jira(), { ...SAMPLES.jira?.settings, cloudId })).toContain('exclude')
    for (const site of ['evil.com/#', 'a b', 'acme?x', 'https://user:pass@jira.example.com', 'ftp://x.y', '']) {
      expect(refusalOf(jira(), { ...SAMPLES.jira?.settings, site })).toMatch(/^site must be a name/)
    }
  })
  it('maps priorities and issue types, the endpoint before the factory', () => {
    const preset = jira({ priorities: { P0: 'Blocker', high: 'Major', '*': 'Minor' } })
    const priority = (given: unknown, more: object = {}): unknown =>
      (bodyOf(preset, more, { subject: 's', priority: given }) as { fields: { priority?: unknown } }).fields.priority
    expect(priority('p0')).toEqual({ name: 'Blocker' })
    expect(priority('HIGH')).toEqual({ name: 'Major' })
    expect(priority('high', { priorities: { high: 'Top' } })).toEqual({ name: 'Top' })
    expect(priority('strange')).toEqual({ name: 'Minor' })
    expect(priority(undefined)).toEqual({ name: 'Minor' })
    expect(priority('high', { fields: { priority: null } })).toBeUndefined()
    expect(bodyOf(jira(), {}, { subject: 's', priority: 'strange' })).not.toHaveProperty('fields.priority')
    expect(bodyOf(jira(), {}, { subject: 's', priority: 'constructor' })).not.toHaveProperty('fields.priority')
    const types = { issueType: 'Story', issueTypes: { incident: 'Bug' } }
    expect(bodyOf(jira(), types, { ...FLAT_CASE, case_type: 'Incident' })).toMatchObject({
      fields: { issuetype: { name: 'Bug' } },
    })
    expect(bodyOf(jira(), types)).toMatchObject({ fields: { issuetype: { name: 'Story' } } })
  })
  it('makes a document of a description that is given as a template', () => {
    const fields = {
      description: '{{description}}\n{{case_id}}',
      labels: ['askpro', '{{case_id}}'],
      summary: '{{title}}',
    }
    expect(bodyOf(jira(), { fields })).toMatchObject({
      fields: { description: { type: 'doc' }, labels: ['askpro', 'TKT-2025-00001'], summary: 'Printer on fire' },
    })
  })
  it('reads answers', () => {
    expect(outcomeOf(jira(), 201, { id: '10000', key: 'SUPPORT-24' })).toEqual({
      ok: true,
      externalId: 'SUPPORT-24',
      externalUrl: 'https://acme.atlassian.net/browse/SUPPORT-24',
    })
    expect(outcomeOf(jira(), 400, { errorMessages: ['One'], errors: { priority: 'not on the screen' } })).toEqual({
      ok: false,
      message: 'HTTP 400: One; priority: not on the screen',
    })
    expect(outcomeOf(jira(), 200, '<!doctype html><title>Log in</title>')).toMatchObject({ ok: false, retry: false })
  })
})

describe('jira-service-request', () => {
  it('raises a request of a type, on behalf of a customer', () => {
    expect(bodyOf(jiraServiceRequest(), { raiseOnBehalfOf: 'acc-1' })).toMatchObject({
      serviceDeskId: '10',
      requestTypeId: '25',
      requestFieldValues: {
        summary: 'Printer on fire',
        description: expect.stringContaining('Line one\nLine two') as string,
      },
      raiseOnBehalfOf: 'acc-1',
    })
    expect(bodyOf(jiraServiceRequest())).not.toHaveProperty('requestFieldValues.priority')
    expect(bodyOf(jiraServiceRequest(), { includePriority: true })).toHaveProperty(
      'requestFieldValues.priority.name',
      'High',
    )
  })
  it('reads answers', () => {
    const links = { web: 'https://acme.atlassian.net/x' }
    expect(outcomeOf(jiraServiceRequest(), 201, { issueKey: 'HELP-1', _links: links })).toEqual({
      ok: true,
      externalId: 'HELP-1',
      externalUrl: links.web,
    })
    expect(outcomeOf(jiraServiceRequest(), 404, { errorMessage: 'No such desk' })).toEqual({
      ok: false,
      message: 'HTTP 404: No such desk',
    })
  })
})

describe('servicenow', () => {
  it('sends the priority as impact and urgency', () => {
    const both = (priority: string): unknown => bodyOf(servicenow(), {}, { ...FLAT_CASE, priority })
    expect(both('critical')).toMatchObject({ impact: '1', urgency: '1' })
    expect(both('low')).toMatchObject({ impact: '3', urgency: '2' })
    expect(both('nobody knows')).not.toHaveProperty('urgency')
    expect(bodyOf(servicenow(), { priorities: { high: { impact: '3', urgency: '1' } } })).toMatchObject({ impact: '3' })
    expect(refusalOf(servicenow(), { ...SAMPLES.servicenow?.settings, priorities: { high: 1 } })).toMatch(
      /^priorities\.high/,
    )
  })
  it('holds the reference, or the delivery id, as correlation id', () => {
    expect(bodyOf(servicenow())).toHaveProperty('correlation_id', 'TKT-2025-00001')
    expect(bodyOf(servicenow(), {}, { subject: 's' })).toHaveProperty('correlation_id', 'dlv_0123456789abcdef')
  })
  it('takes three kinds of credentials and other tables', () => {
    const headers = (auth: object): unknown =>
      servicenow().request(inputOf({}), settingsOf(servicenow(), { instance: 'acme', auth })).headers
    expect(headers({ type: 'bearer', token: 't0ken' })).toMatchObject({ authorization: 'Bearer t0ken' })
    expect(headers({ type: 'basic', username: 'a', password: 'b' })).toMatchObject({ authorization: 'Basic YTpi' })
    expect(headers({ type: 'apiKey', key: 'k3y' })).toMatchObject({ 'x-sn-apikey': 'k3y' })
    expect(requestOf(servicenow(), { table: 'sc_task' }).url).toContain('/api/now/table/sc_task?')
    expect(refusalOf(servicenow(), { ...SAMPLES.servicenow?.settings, table: '../x' })).toMatch(/^table /)
  })
  it('reads answers, a sleeping instance too', () => {
    const sys_id = '0123456789abcdef0123456789abcdef'
    expect(outcomeOf(servicenow(), 201, { result: { sys_id, number: 'INC1' } })).toEqual({
      ok: true,
      externalId: 'INC1',
      externalUrl: `https://acme.service-now.com/incident.do?sys_id=${sys_id}`,
    })
    expect(outcomeOf(servicenow(), 200, '<html><title>Hibernating</title></html>')).toMatchObject({
      ok: false,
      retry: true,
      message: expect.stringContaining('Hibernating') as string,
    })
    expect(outcomeOf(servicenow(), 403, { error: { message: 'No', detail: 'ACL' }, status: 'failure' })).toEqual({
      ok: false,
      message: 'HTTP 403: No: ACL',
    })
  })
})

describe('otrs', () => {
  it('sends ticket, article and dynamic fields', () => {
    expect(bodyOf(otrs(), { dynamicFields: { Ref: '{{case_id}}', Gone: '{{missing}}' }, queue: 'Misc' })).toMatchObject(
      {
        UserLogin: 'agent',
        Ticket: { Title: 'Printer on fire', Queue: 'Misc', Priority: '4 high', CustomerUser: 'jane@example.com' },
        Article: {
          ContentType: 'text/plain; charset=utf8',
          Body: expect.stringContaining('Line one\nLine two') as string,
        },
        DynamicField: [{ Name: 'Ref', Value: 'TKT-2025-00001' }],
      },
    )
    expect(bodyOf(otrs(), { login: 'customer' })).toHaveProperty('CustomerUserLogin', 'agent')
  })
  it('always names a priority and a customer', () => {
    expect(bodyOf(otrs(), {}, {})).toMatchObject({
      Ticket: { Priority: '3 normal', CustomerUser: 'unknown@example.com' },
    })
  })
  it.each([
    ['TicketCreate.AuthFail', false],
    ['TicketCreate.AccessDenied', false],
    ['TicketCreate.MissingParameter', false],
    ['TicketCreate.InvalidParameter', false],
    ['TicketCreate.TicketCreate', true],
  ])('reads %s in a 200', (ErrorCode, retry) => {
    expect(outcomeOf(otrs(), 200, { Error: { ErrorCode, ErrorMessage: 'Why' } })).toEqual({
      ok: false,
      message: `${ErrorCode}: Why`,
      retry,
    })
  })
  it('reads other answers', () => {
    expect(outcomeOf(otrs(), 200, { TicketID: '123', TicketNumber: '2025' })).toEqual({ ok: true, externalId: '2025' })
    expect(outcomeOf(otrs(), 200, { TicketID: 123 })).toEqual({ ok: true, externalId: '123' })
    expect(outcomeOf(otrs(), 200, '')).toMatchObject({ ok: false, retry: false })
    expect(outcomeOf(otrs(), 500, { faultcode: 'Server', faultstring: 'Boom' })).toEqual({
      ok: false,
      message: 'HTTP 500: Boom',
    })
  })
})
