import { checkOptions } from '../model/known-fields.ts'
import type { TenantOption } from './store.ts'

/**
 * The tenant of a call that takes nothing else. A misspelt name would find every tenant's.
 *
 * @throws {WebhookError} `invalid_option` for what is not known.
 */
export function tenantOf(where: string, options: TenantOption = {}): string | undefined {
  checkOptions(options, ['tenant'], where)
  return options.tenant
}
