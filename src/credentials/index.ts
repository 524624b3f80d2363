export { unverified } from './unverified.ts'
