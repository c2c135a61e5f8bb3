import type { Feed } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { OrderEvent } from '../domain/order.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import { InvariantError } from '../foundation/errors.ts';
import type { Money, Price, Quantity } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { PositionSizing } from '../risk/position-sizing.ts';
import { type CheckedParameters, strategyFeeds, strategyLookback } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { Engine, type EngineListener } from './engine.ts';
import { EngineMarket } from './engine-market.ts';
import { type BarVenue, TradingSession } from './trading-session.ts';

/** One strategy on one account: everything that decides what a run does, besides the data and the venue. */
export interface SessionSpec {
  readonly botId: string;
  readonly definition: AnyStrategyDefinition;
  readonly parameters: CheckedParameters;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly instruments: readonly Instrument[];
  readonly currency: string;
  readonly startingBalance: Money;
  readonly limits: RiskLimits;
  readonly sizing: PositionSizing;
  /** The price of one unit of each currency in which fees may be paid besides `currency`. */
  readonly rates: ReadonlyMap<string, number>;
  /** The strategy also decides on prices between bars, at most once in so many milliseconds; absent: on bars alone. */
  readonly priceTriggerMs?: number;
  /** What else decides the fills: the simulated venue's costs, latency and seed. A running bot must not change them. */
  readonly venueTerms?: Json;
}

/** What a simulated venue may ask of the account at the moment of a fill. */
export interface SessionAccount {
  positionQuantity(symbol: string): Quantity;
  equity(symbol: string, price: Price): Money;
}

export type VenueFactory = (
  instruments: readonly Instrument[],
  account: SessionAccount,
  emit: (event: OrderEvent) => void,
) => BarVenue;

/** Puts strategy, engine and venue together over windows that `makeWindow` gives for each of the strategy's feeds. */
export function openSession(
  spec: SessionSpec,
  makeWindow: (feed: Feed, lookback: number) => CandleWindow,
  makeVenue: VenueFactory,
  listener: EngineListener,
): TradingSession {
  const lookback = strategyLookback(spec.definition, spec.parameters);
  const feeds = strategyFeeds(spec.definition, spec.parameters, spec.symbols, spec.timeframe);
  const market = new EngineMarket(
    spec.symbols,
    spec.timeframe,
    feeds.map((feed) => makeWindow(feed, lookback)),
  );
  const makeStrategy = () => spec.definition.create(spec.parameters, market);
  const engine = new Engine(market, makeStrategy, { ...spec, listener });
  const account: SessionAccount = {
    positionQuantity: (symbol) => engine.account.portfolio.position(symbol).quantity,
    equity: (symbol, price) => engine.account.exactEquity(symbol, price),
  };
  // The venue answers within the engine's own calls, so the session must exist before its first answer, and does.
  let session: TradingSession | undefined;
  const venue = makeVenue(spec.instruments, account, (event) => {
    if (!session) throw new InvariantError('A venue spoke before the session began');
    session.onOrderEvent(event);
  });
  session = new TradingSession(engine, venue);
  return session;
}
