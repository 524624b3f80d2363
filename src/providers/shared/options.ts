import { checkOptions } from '../../model/known-fields.ts'
import { requireTolerance } from '../../signatures/timestamp.ts'

/** The names of options, also of those that only one form of them has. */
type NamesOf<Options> = Options extends unknown ? keyof Options & string : never

/**
 * A provider's options, once they are an object in which every name is known, with a tolerance that is one.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 */
export function optionsOf<Options extends object, const Name extends NamesOf<Options>>(
  provider: string,
  options: Options,
  names: readonly Name[],
): Pick<Options, Name & keyof Options> {
  checkOptions(options, names, provider)
  const { toleranceSeconds }: { readonly toleranceSeconds?: number | undefined } = options
  if (toleranceSeconds !== undefined) requireTolerance('toleranceSeconds', toleranceSeconds)
  return options
}
