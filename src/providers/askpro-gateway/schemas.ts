import * as z from 'zod/mini'
import { lazySchema, type SchemaCheck } from '../schema.ts'
import type { AskproServiceCase } from './types.ts'

const text = () => z.nullish(z.string())

export const checkServiceCase: SchemaCheck<AskproServiceCase> = lazySchema(() =>
  z.object({
    ticket: z.object({
      reference: z.string(),
      summary: text(),
      description: text(),
      type: text(),
      priority: text(),
      category: text(),
      created_at: text(),
    }),
    customer: z.nullish(z.object({ name: text(), company: text(), phone: text(), email: text() })),
  }),
)
