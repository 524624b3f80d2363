export { type HmacSignature, type HmacSignatureOptions, hmacSignature } from './hmac-signature.ts'
export type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
export type {
  HashAlgorithm,
  KeyDecoding,
  SignatureEncoding,
  SignatureLocation,
  SignatureShape,
  TimestampRule,
} from './shape.ts'
