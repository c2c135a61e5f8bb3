import type { Feed } from '../../domain/candle.ts';
import type { Signal } from '../../domain/signal.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../../engine/open-session.ts';
import { RunRecord } from '../../engine/run-record.ts';
import type { TradingSession } from '../../engine/trading-session.ts';
import { epochMs } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import { CandleWindow, moveWindow } from '../../market/candle-window.ts';
import { type AnyStrategyDefinition, type Decision, type Market, Strategy } from '../../strategy/strategy.ts';
import type { BacktestResult, EndOfRun } from '../backtest.ts';
import { bitAt, type SignalBits } from './signal-bits.ts';

export interface SignalRunRequest {
  readonly session: SessionSpec;
  readonly bars: CandleColumns;
  readonly venue: VenueFactory;
  readonly endOfRun?: EndOfRun | undefined;
}

/**
 * Runs signals that are known for every bar through the real engine and venue, but only over the bars on which something
 * can happen: those with a signal, and those after them, on which orders fill. Between them neither cash nor position
 * changes, so equity there is one multiplication. For terms where that is so, see `plain-terms.ts`.
 */
export function runSignals(
  { session: spec, bars, venue, endOfRun }: SignalRunRequest,
  bits: SignalBits,
): BacktestResult {
  const record = new RunRecord();
  const makeWindow = (feed: Feed, lookback: number): CandleWindow => CandleWindow.overColumns(feed, lookback, bars);
  const session = openSession({ ...spec, definition: signalDefinition(bits) }, makeWindow, venue, record);
  const { market, account } = session.engine;
  const equity = new Float64Array(bars.length);
  // The loss of a day can be reached on any bar.
  const everyBar = spec.limits.dailyLossLimit !== null;
  let done = 0;
  for (let row = 0; row < bars.length; row++) {
    if (!everyBar && row !== bars.length - 1 && !hasSignal(bits, row) && !(row > 0 && hasSignal(bits, row - 1)))
      continue;
    sampleBetween(session, bars, equity, done, row);
    moveWindow(market.windows[0]!, row);
    market.fresh[0] = 1;
    session.slice(bars.closeTime(row));
    equity[row] = account.equity;
    done = row + 1;
  }
  if (endOfRun && endOfRun !== 'keep' && bars.length > 0) {
    session.closeAll(market.time, (window) => (endOfRun === 'close-at-last-open' ? window.open() : window.close()));
    equity[bars.length - 1] = account.equity;
  }
  const times = bars.openTime.map((time) => epochMs(time + bars.intervalMs));
  return { record, times, equity, indicators: new Map(), portfolio: account.portfolio, session };
}

function sampleBetween(
  session: TradingSession,
  bars: CandleColumns,
  equity: Float64Array,
  from: number,
  to: number,
): void {
  const { account, market } = session.engine;
  const { cash } = account;
  const quantity = account.position(market.symbols[0]!);
  for (let row = from; row < to; row++) equity[row] = quantity === 0 ? cash : cash + quantity * bars.close[row]!;
}

function hasSignal(bits: SignalBits, row: number): boolean {
  const { enterLong, enterShort, exitLong, exitShort, rearm } = bits;
  return (
    bitAt(enterLong, row) ||
    bitAt(enterShort, row) ||
    bitAt(exitLong, row) ||
    bitAt(exitShort, row) ||
    bitAt(rearm, row)
  );
}

/** Says what the bits say, as `ColumnSignals` defines it. */
class SignalStrategy extends Strategy {
  readonly #bits: SignalBits;
  readonly #window: CandleWindow;
  #armed: boolean;

  constructor(bits: SignalBits, market: Market) {
    super();
    this.#bits = bits;
    this.#window = market.window();
    this.#armed = bits.rearm === undefined;
  }

  override process(market: Market): Decision {
    const row = this.#window.seen - 1;
    const { enterLong, enterShort, exitLong, exitShort, rearm, turns } = this.#bits;
    const position = market.position();
    if (bitAt(rearm, row)) this.#armed = true;
    const mayEnter = this.#armed && (turns || position === 0);
    if (mayEnter && position <= 0 && bitAt(enterLong, row)) return this.#enter('long');
    if (mayEnter && position >= 0 && bitAt(enterShort, row)) return this.#enter('short');
    if (position > 0 && bitAt(exitLong, row)) return this.#signal({ kind: 'exit' });
    if (position < 0 && bitAt(exitShort, row)) return this.#signal({ kind: 'exit' });
    return undefined;
  }

  #enter(side: 'long' | 'short'): Signal {
    if (this.#bits.rearm !== undefined) this.#armed = false;
    return this.#signal({ kind: 'enter', side });
  }

  #signal(said: { readonly kind: 'exit' } | { readonly kind: 'enter'; readonly side: 'long' | 'short' }): Signal {
    return { symbol: this.#window.feed.symbol, reason: 'a signal of the columns', ...said };
  }
}

function signalDefinition(bits: SignalBits): AnyStrategyDefinition {
  return {
    name: 'column-signals',
    title: 'Column signals',
    description: 'Does what signals say that are known for every bar.',
    parameters: {},
    create: (_, market) => new SignalStrategy(bits, market),
  };
}
