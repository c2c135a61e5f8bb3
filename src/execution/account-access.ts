import type { Brand } from '../foundation/brand.ts';
import type { Secret } from '../foundation/secret.ts';
import type { EpochMs } from '../foundation/time.ts';

/** What an exchange knows a program by. */
export interface ApiKey {
  readonly key: Secret;
  readonly secret: Secret;
  /** Some exchanges ask for a third part, such as OKX. */
  readonly passphrase?: Secret;
}

/** Which account at which exchange. */
export interface AccountPlace {
  /** The exchange's name, such as `bybit`. */
  readonly exchange: string;
  /** The name of the account's keys, such as `bybit-demo`. */
  readonly account: string;
  /** Stands in for the exchange's own hosts, such as a simulated exchange; `null` for those. */
  readonly url: string | null;
}

/**
 * The permission to trade with real money at one place: given by a person for one configuration, in three ways at once.
 * Only `app/live-arming.ts` makes one (the architecture test holds it to that), and a gateway for real money takes nothing
 * else.
 */
export type Armed = Brand<AccountPlace & { readonly fingerprint: string; readonly at: EpochMs }, 'Armed'>;

/** What a gateway needs to trade on an exchange's account. */
export type AccountAccess =
  | (AccountPlace & { readonly mode: 'demo'; readonly apiKey: ApiKey })
  | (AccountPlace & { readonly mode: 'live'; readonly apiKey: ApiKey; readonly armed: Armed });
