export type { ProviderFixtures, RequestFixture } from './fixtures.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type ScriptedAnswer, type ScriptedTransport, scriptedTransport } from './scripted-transport.ts'
export { type RequestOverrides, sampleTypes, signedRequest, toWebRequest } from './signed-request.ts'
export type { SimulatedFaults } from './simulation/faults.ts'
export type { Ledger, LedgerReport } from './simulation/ledger.ts'
export type { SimulatedHost, SimulatedProcess } from './simulation/process.ts'
export type { Incident } from './simulation/steps.ts'
export type { Arrival, EndpointScript, SimulatedEndpoint } from './simulation/targets.ts'
export type { SimulatedWorld } from './simulation/world.ts'
export {
  SimulationError,
  type SimulationOptions,
  type SimulationReport,
  simulate,
  simulateEveryCrash,
} from './simulation.ts'
export { type ContractRunner, storeContract } from './store-contract.ts'
