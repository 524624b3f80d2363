export {
  type AsymmetricAlgorithm,
  type AsymmetricSignatureOptions,
  asymmetricSignature,
} from './asymmetric-signature.ts'
export { type HashSignatureOptions, hashSignature } from './hash-signature.ts'
export {
  type HmacSignature,
  type HmacSignatureOptions,
  hmacSignature,
  type SyncSignatureScheme,
} from './hmac-signature.ts'
export {
  type JwtAlgorithm,
  type JwtClaims,
  type JwtSignature,
  type JwtSignatureOptions,
  jwtSignature,
} from './jwt-signature.ts'
export type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
export type {
  HashAlgorithm,
  KeyDecoding,
  SignatureEncoding,
  SignatureLocation,
  SignatureShape,
  TimestampRule,
} from './shape.ts'
export {
  generateSecret,
  type StandardWebhooks,
  type StandardWebhooksOptions,
  standardWebhooks,
} from './standard-webhooks.ts'
