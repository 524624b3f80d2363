import type { HeadersInput, WebhookRequest } from '../model/http.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { AnyProvider } from '../providers/provider.ts'

/** One realistic request of a sender, without its proof, and what must come of it. */
export interface RequestFixture {
  /** A value is written as JSON; text is sent as it is (form bodies, odd spacing). */
  readonly body: unknown
  /** Default `POST`. */
  readonly method?: string
  /** Default `https://hooks.example.com/<provider>`. */
  readonly url?: string
  /** Beside `content-type: application/json`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the first event that `parse` makes of it must contain. */
  readonly expected?: {
    readonly id?: string
    readonly type?: string
    readonly nativeType?: string
    readonly recordId?: string
    readonly attempt?: number
    readonly known?: boolean
  }
  /** How many events it carries. Default 1. */
  readonly events?: number
}

/** What the testing kit and the provider contract know of a provider: one file beside this one per provider. */
export interface ProviderFixtures {
  /** The provider as a test would configure it, with made-up secrets. */
  create(): AnyProvider
  /** By a name, usually the canonical type. The first is the default. */
  readonly requests: Readonly<Record<string, RequestFixture>>
  /** Adds the proof where the provider cannot do it itself (only a public key is configured). */
  authenticate?(request: WebhookRequest, now: number): MaybePromise<WebhookRequest>
  /** Whether a change of the body must be noticed. Default true; false where only the caller is proved. */
  readonly provesBody?: boolean
  /** Set-up requests and the answers they must get. */
  readonly challenges?: Readonly<
    Record<
      string,
      {
        readonly request: Omit<RequestFixture, 'expected' | 'events'>
        /** Whether it carries a valid proof. Default false. */
        readonly signed?: boolean
        readonly answer: { readonly status: number; readonly body?: string; readonly headers?: HeadersInput }
      }
    >
  >
}
