import { findScenarios } from './find-scenarios.ts'
import { stopServer } from './harness/places.ts'
import type { Figure, Scenario } from './scenario.ts'

/**
 * Makes every fault for real, at full scale, and prints what was counted: `npm run test:faults`, or
 * `npm run test:faults -- R1` for those whose name contains a text; `--short` takes the scale of `npm test`. Ends with 1
 * when a figure is not reached.
 */
const scale = process.argv.includes('--short') ? 'short' : 'full'
const wanted = process.argv.slice(2).find(argument => !argument.startsWith('--')) ?? ''
const scenarios = (await findScenarios()).filter(({ name }) => name.includes(wanted))
if (scenarios.length === 0) throw new Error(`no scenario's name contains '${wanted}'`)
print('| scenario | figure | value | goal | reached |')
print('| --- | --- | --- | --- | --- |')
const missed: string[] = []
for (const scenario of scenarios) {
  for (const { name, value, goal, reached } of await run(scenario)) {
    print(`| ${scenario.name} | ${name} | ${value} | ${goal} | ${reached ? 'yes' : '**no**'} |`)
    if (!reached) missed.push(`${scenario.name}: ${name}`)
  }
}
await stopServer()
print(missed.length === 0 ? '\nEverything is reached.' : `\nNot reached:\n${missed.join('\n')}`)
// Said at once: an exit code that is only set is lost, since the embedded server ends the process by its own.
process.exit(missed.length === 0 ? 0 : 1)

/** A scenario that breaks off is one that is not reached; the others are run all the same. */
async function run(scenario: Scenario): Promise<readonly Figure[]> {
  const startedAt = Date.now()
  const duration = (): Figure => {
    const seconds = (Date.now() - startedAt) / 1000
    return { name: 'duration', value: `${seconds.toFixed(1)} s`, goal: '', reached: true }
  }
  try {
    return [...(await scenario.run(scale)), duration()]
  } catch (error) {
    process.stderr.write(`${scenario.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    return [{ name: 'runs to its end', value: 'no', goal: 'yes', reached: false }, duration()]
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
