import * as z from 'zod/mini'
import { once } from '../schema.ts'

/*
 * Schemas of single fields. Each is one object, so that all fields of a kind share what is compiled. Every field may
 * be missing or null: what Pipedrive leaves out must not stop events.
 */

export const text = once(() => z.nullish(z.string()))
export const number = once(() => z.nullish(z.number()))
export const flag = once(() => z.nullish(z.boolean()))
/** Labels and visibility groups: v1 and v2 disagree on whether they are numbers. */
export const code = once(() => z.nullish(z.union([z.string(), z.number()])))
export const ids = once(() => z.nullish(z.array(z.number())))
export const object = once(() => z.nullish(z.looseObject({})))
export const objects = once(() => z.nullish(z.array(z.looseObject({}))))

export const numericId = once(() => z.optional(z.number()))
export const textId = once(() => z.optional(z.string()))
export const anyId = once(() => z.optional(z.union([z.string(), z.number()])))

/** `HH:MM` in v1; `{ timezone_id, value }` in v2. */
export const timeOfDay = once(() =>
  z.nullish(z.union([z.string(), z.object({ value: z.nullish(z.string()), timezone_id: z.nullish(z.number()) })])),
)

export const contactDetails = once(() =>
  z.nullish(z.array(z.object({ value: z.nullish(z.string()), label: z.nullish(z.string()), primary: flag() }))),
)
