import type { AccountAccess, AccountPlace, ApiKey } from '../../execution/account-access.ts';
import type { KeyRights } from '../../execution/order-gateway.ts';
import { InvariantError, messageOf, UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { loadCcxtExchange } from './ccxt-exchange.ts';
import type { VenueClock } from './ccxt-gateway-clock.ts';
import { AnswerLost, NotSent, VenueRefused } from './ccxt-gateway-failures.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { VenueTerms } from './ccxt-gateway-venue.ts';
import { SenselessMessage } from './ccxt-gateway-words.ts';
import type { MarketKind } from './venues.ts';

/** An account and its key, without the permission to trade. */
export interface KeyedPlace extends AccountPlace {
  readonly mode: AccountAccess['mode'];
  readonly apiKey: ApiKey;
}

interface LoadOptions {
  readonly venue: VenueTerms;
  readonly access: KeyedPlace;
  readonly kind: MarketKind;
  readonly receiveWindowMs: number;
  readonly timeoutMs: number;
  readonly venueClock: VenueClock;
  readonly logger: Logger;
}

export interface TraderOptions extends LoadOptions {
  readonly access: AccountAccess;
}

/** ccxt's exchange with the account's key, set up to do one thing at a time and nothing by itself. */
export function loadTrader(options: TraderOptions): Promise<CcxtTrader> {
  return load(options);
}

/** The same for reading alone, which needs no permission: whatever would change something ends before it leaves. */
export async function loadReader(options: LoadOptions): Promise<CcxtTrader> {
  const exchange = await load(options);
  const { fetch } = exchange;
  exchange.fetch = async (url, method, headers, body) => {
    if (method !== 'GET') throw new InvariantError('A request that changes something, where only reading is allowed');
    return fetch.call(exchange, url, method, headers, body);
  };
  exchange.client = () => {
    throw new InvariantError('A socket, where only reading is allowed');
  };
  return exchange;
}

async function load(options: LoadOptions): Promise<CcxtTrader> {
  const { venue, access, kind, receiveWindowMs, timeoutMs, venueClock, logger } = options;
  const { apiKey, url, mode } = access;
  const exchange = (await loadCcxtExchange(venue.id, venue.options(kind, receiveWindowMs), url, logger, (loaded) => {
    if (mode === 'demo') venue.demo(loaded as CcxtTrader);
  })) as CcxtTrader;
  exchange.apiKey = apiKey.key.reveal();
  exchange.secret = apiKey.secret.reveal();
  exchange.password = apiKey.passphrase?.reveal();
  exchange.timeout = timeoutMs;
  // Who may ask when is decided by our budget: ccxt's queue has no end.
  exchange.enableRateLimit = false;
  // Requests are signed with the exchange's own time.
  exchange.milliseconds = () => venueClock.now();
  exchange.nonce = () => venueClock.now();
  return exchange;
}

/** @throws UserError for a key that may withdraw, or may not trade */
export function checkRights(
  { canTrade, canWithdraw }: KeyRights,
  { account }: Pick<KeyedPlace, 'account'>,
  { title }: VenueTerms,
  kind: MarketKind,
): void {
  if (canWithdraw) {
    throw new UserError(
      `The key of ${account} may withdraw from the account; make one at ${title} that may trade only.`,
    );
  }
  if (!canTrade) {
    throw new UserError(
      `The key of ${account} may not trade ${kind} markets at ${title}; give it that right there, and no right to withdraw.`,
    );
  }
}

/** Why opening an account has to wait; throws what waiting does not mend. */
export function reasonToWait(
  thrown: unknown,
  { account, mode }: Pick<KeyedPlace, 'account' | 'mode'>,
  venue: VenueTerms,
): string {
  if (thrown instanceof VenueRefused && venue.isKeyDenied(thrown.code)) {
    throw new UserError(
      `${venue.title} does not accept the key of ${account} (${thrown.message}); check the key, its secret, its addresses, and whether it belongs to ${mode} trading.`,
    );
  }
  const isFinal = thrown instanceof VenueRefused && venue.meaningOf(thrown).kind === 'refused';
  if (isFinal && !venue.isClockRefused(thrown.code)) {
    throw new UserError(`${venue.title} does not open ${account}: ${thrown.message}.`);
  }
  const mayPass = [NotSent, AnswerLost, VenueRefused, SenselessMessage].some((kind) => thrown instanceof kind);
  if (!mayPass) throw thrown;
  return messageOf(thrown);
}
