import { runBacktest } from '../../src/backtest/backtest.ts';
import { Atr } from '../../src/indicators/atr.ts';
import { Rsi } from '../../src/indicators/rsi.ts';
import { Sma } from '../../src/indicators/sma.ts';
import type { CandleWindow } from '../../src/market/candle-window.ts';
import { checkParameters } from '../../src/strategy/check-parameters.ts';
import { flag, integer, type ParameterValues } from '../../src/strategy/parameters.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../../src/strategy/strategy.ts';
import { crossRequest } from './event-cross.ts';
import { type Job, timed } from './jobs.ts';
import { readBars } from './read-bars.ts';

const parameters = {
  withIndicators: flag({ default: false, description: 'Four indicators a bar' }),
  tradeEvery: integer({
    default: 0,
    minimum: 0,
    maximum: 100_000,
    description: 'Bars from one order to the next; 0: none',
  }),
};

/** A strategy that does only what it is told, so that the parts of a run can be told apart. */
class Probe extends Strategy {
  private readonly parameters: ParameterValues<typeof parameters>;
  private readonly window: CandleWindow;
  private readonly fast = new Sma(20);
  private readonly slow = new Sma(50);
  private readonly rsi = new Rsi(14);
  private readonly atr = new Atr(14);
  private barsToTrade = 0;
  private isLong = false;

  constructor(values: ParameterValues<typeof parameters>, market: Market) {
    super();
    this.parameters = values;
    this.window = market.window();
    this.barsToTrade = values.tradeEvery;
  }

  override process(): Decision {
    const { window, parameters: wish } = this;
    if (wish.withIndicators) {
      const close = window.close();
      this.fast.update(close);
      this.slow.update(close);
      this.rsi.update(close);
      this.atr.updateBar(window.high(), window.low(), close);
    }
    if (wish.tradeEvery === 0) return undefined;
    this.barsToTrade -= 1;
    if (this.barsToTrade > 0) return undefined;
    this.barsToTrade = wish.tradeEvery;
    this.isLong = !this.isLong;
    const { symbol } = window.feed;
    return this.isLong
      ? { kind: 'enter', symbol, side: 'long', reason: 'in' }
      : { kind: 'exit', symbol, reason: 'out' };
  }
}

const probe = defineStrategy({
  name: 'probe',
  title: 'Probe',
  description: 'Does what it is told.',
  parameters,
  create: (values, market) => new Probe(values, market),
});

const VARIANTS = {
  idle: { withIndicators: false, tradeEvery: 0, record: 'lean' },
  indicators: { withIndicators: true, tradeEvery: 0, record: 'lean' },
  trades: { withIndicators: false, tradeEvery: 20, record: 'lean' },
  recordedTrades: { withIndicators: false, tradeEvery: 20, record: 'full' },
} as const;

export type CostVariant = keyof typeof VARIANTS;

/** A run with some of its parts only; `indicator` names the variant. */
export const costs: Job = async (request) => {
  const bars = readBars(request.file, request.bars);
  const { record, ...values } = VARIANTS[request.indicator as CostVariant];
  const checked = checkParameters(probe, values);
  if (!checked.ok) throw checked.error;
  const base = crossRequest([bars], request);
  const session = { ...base.session, definition: probe, parameters: checked.value };
  return () =>
    timed(request.repetitions, () => {
      const run =
        record === 'lean'
          ? runBacktest({ ...base, session, record: 'lean' })
          : runBacktest({ ...base, session, record: 'full' });
      return { finalEquity: run.equity.at(-1)!, fills: run.record.fills.length };
    });
};
