import type { ClockOffset, KeyRights } from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';
import { InvariantError, UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { failed, type Result, success } from '../../foundation/result.ts';
import { Pauses } from '../exchange/pauses.ts';
import { RequestBudget } from './ccxt-gateway-budget.ts';
import { VenueCalls } from './ccxt-gateway-calls.ts';
import { VenueClock } from './ccxt-gateway-clock.ts';
import { checkRights, type KeyedPlace, loadReader, reasonToWait } from './ccxt-gateway-opening.ts';
import type { OrderVenue, VenueTerms } from './ccxt-gateway-venue.ts';
import type { MarketKind } from './venues.ts';

export interface KeyQuestion {
  readonly venue: VenueTerms;
  readonly access: KeyedPlace;
  /** What is to be traded with the key: exchanges give rights by kind of market. */
  readonly kind: MarketKind;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What an exchange says of a key. */
export interface KeyAnswer {
  readonly rights: KeyRights;
  readonly clockOffset: ClockOffset;
  /** Why an account with this key would not be opened for trading; `null` when it would. */
  readonly unfit: string | null;
}

const RECEIVE_WINDOW_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Asks the exchange what a key may do, once. It can't trade: what it asks with sends nothing that changes something, and
 * opens no socket, so that no permission for real money is needed.
 *
 * @returns a failure, as a sentence, when the exchange can't be asked or doesn't accept the key
 */
export async function readKeyRights(question: KeyQuestion): Promise<Result<KeyAnswer, string>> {
  const { venue, access, kind, clock, logger } = question;
  const pauses = new Pauses(clock);
  const venueClock: VenueClock = new VenueClock(clock, () => orders.time());
  const limits = { receiveWindowMs: RECEIVE_WINDOW_MS, timeoutMs: REQUEST_TIMEOUT_MS };
  const exchange = await loadReader({ venue, access, kind, logger, venueClock, ...limits });
  const calls = new VenueCalls({
    exchange,
    codes: venue,
    budget: new RequestBudget(clock, pauses, venue.budget(kind)),
    clock,
    timeoutMs: REQUEST_TIMEOUT_MS,
    venueNow: () => venueClock.now(),
    // One question each: there is nothing to be held back.
    onDoubt: () => {},
  });
  const orders = venue.orders({
    exchange,
    calls,
    kind,
    isDemo: access.mode === 'demo',
    market(symbol) {
      throw new InvariantError('A market, where a key is asked about', { symbol });
    },
    symbolOf: (id) => id,
    markets: () => [],
  });
  try {
    return success(await ask(question, orders, venueClock));
  } catch (thrown) {
    return failed(sentenceOf(thrown, question));
  } finally {
    pauses.end();
    await exchange.close();
  }
}

async function ask({ venue, access, kind }: KeyQuestion, orders: OrderVenue, clock: VenueClock): Promise<KeyAnswer> {
  const verdict = await clock.measure();
  const rights = await orders.rights();
  // Where nothing is told of a key, only this request shows that the exchange lets it in.
  const account = await objection(() => orders.checkAccount());
  const right = await objection(() => checkRights(rights, access, venue, kind));
  const time = verdict.kind === 'doubtful' ? `${access.account}: ${verdict.reason}.` : null;
  return { rights, clockOffset: clock.offset!, unfit: right ?? account ?? time };
}

/** What a check that throws for people has against something. */
async function objection(check: () => unknown): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown.message;
    throw thrown;
  }
}

function sentenceOf(thrown: unknown, { access, venue }: KeyQuestion): string {
  try {
    return `${venue.title} can't be asked about the key of ${access.account}: ${reasonToWait(thrown, access, venue)}.`;
  } catch (final) {
    if (final instanceof UserError) return final.message;
    throw final;
  }
}
