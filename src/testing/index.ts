export type { ProviderFixtures, RequestFixture } from './fixtures.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type RequestOverrides, sampleTypes, signedRequest, toWebRequest } from './signed-request.ts'
