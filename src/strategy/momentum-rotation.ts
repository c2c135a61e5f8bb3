import type { Signal } from '../domain/signal.ts';
import { RollingVolatility } from '../indicators/rolling-volatility.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { decimal, flag, integer, type ParameterValues } from './parameters.ts';
import { showPercent } from './show-number.ts';
import { type Decision, defineStrategy, type Market, Strategy } from './strategy.ts';

const parameters = {
  lookback: integer({
    default: 120,
    minimum: 2,
    maximum: 20_000,
    description: 'Bars over which the return is measured',
  }),
  rebalanceBars: integer({ default: 60, minimum: 1, maximum: 20_000, description: 'Bars from one choice to the next' }),
  holdings: integer({ default: 1, minimum: 1, maximum: 50, description: 'How many of the best symbols are held' }),
  exposure: decimal({
    default: 0.95,
    minimum: 0.01,
    maximum: 1,
    description: 'Share of equity that is invested when every place is taken',
  }),
  volatilityAdjusted: flag({
    default: true,
    description: 'Rank by return divided by volatility, so that wild symbols are not preferred for being wild',
  }),
  onlyRising: flag({
    default: true,
    description: 'Hold only symbols that have risen; keep cash in place of the others',
  }),
  tolerance: decimal({
    default: 0.02,
    minimum: 0,
    maximum: 1,
    description: 'A holding whose weight is off by no more than this share of equity is left alone',
  }),
};

type Parameters = ParameterValues<typeof parameters>;

interface Candidate {
  readonly index: number;
  /** Simple return over the lookback: 0.05 is 5 %. */
  readonly gain: number;
  /** What it is ranked by. */
  readonly score: number;
}

/**
 * Relative strength among several symbols, with the absolute filter of dual momentum (Antonacci, Risk Premia Harvesting
 * Through Dual Momentum, 2012). Equal scores rank in the order in which the symbols are given.
 */
class MomentumRotation extends Strategy {
  private readonly parameters: Parameters;
  private readonly windows: readonly CandleWindow[];
  private readonly volatilities: readonly RollingVolatility[];
  private barsToChoice = 0;
  private bestGain = Number.NaN;
  private lastHeldGain = Number.NaN;
  private holdings = 0;

  constructor(parameters: Parameters, market: Market) {
    super();
    this.parameters = parameters;
    this.windows = market.symbols.map((symbol) => market.window(symbol));
    this.volatilities = this.windows.map(() => new RollingVolatility(parameters.lookback));
  }

  override process(market: Market): Decision {
    this.measure(market);
    if (this.barsToChoice > 0) {
      this.barsToChoice -= 1;
      return undefined;
    }
    const candidates = this.candidates();
    // One alone has no rank.
    if (candidates.length < 2) return undefined;
    this.barsToChoice = this.parameters.rebalanceBars - 1;
    return this.rebalance(market, candidates);
  }

  private measure(market: Market): void {
    for (let index = 0; index < this.windows.length; index += 1) {
      const window = this.windows[index]!;
      if (market.isNew(window)) this.volatilities[index]!.update(window.close());
    }
  }

  /** Every symbol with history enough, the best first. */
  private candidates(): Candidate[] {
    const { lookback, volatilityAdjusted } = this.parameters;
    const candidates: Candidate[] = [];
    for (let index = 0; index < this.windows.length; index += 1) {
      const window = this.windows[index]!;
      const volatility = this.volatilities[index]!;
      if (window.length <= lookback || !volatility.ready) continue;
      const gain = window.close() / window.close(lookback) - 1;
      // A price that has not moved at all has neither return nor volatility.
      const risk = volatility.value > 0 ? volatility.value * Math.sqrt(lookback) : 1;
      candidates.push({ index, gain, score: volatilityAdjusted ? gain / risk : gain });
    }
    return candidates.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  /** Exits first, so that their cash is there for what is bought. */
  private rebalance(market: Market, candidates: readonly Candidate[]): readonly Signal[] {
    const { holdings, onlyRising } = this.parameters;
    const chosen = candidates.filter((candidate) => !onlyRising || candidate.gain > 0).slice(0, holdings);
    this.bestGain = candidates[0]!.gain;
    this.lastHeldGain = chosen.at(-1)?.gain ?? Number.NaN;
    this.holdings = chosen.length;
    const held = new Set(chosen.map((candidate) => candidate.index));
    const exits = this.windows.flatMap((window, index) => {
      const exit = held.has(index) ? undefined : this.exit(market, window, index, candidates);
      return exit === undefined ? [] : [exit];
    });
    const targets = chosen.flatMap((candidate, place) => {
      const target = this.target(market, candidate, place + 1, candidates.length);
      return target === undefined ? [] : [target];
    });
    return [...exits, ...targets];
  }

  private exit(
    market: Market,
    window: CandleWindow,
    index: number,
    candidates: readonly Candidate[],
  ): Signal | undefined {
    const { symbol } = window.feed;
    if (market.position(symbol) === 0) return undefined;
    const place = candidates.findIndex((candidate) => candidate.index === index);
    const ranked = candidates[place];
    if (ranked === undefined) return { kind: 'exit', symbol, reason: 'No longer ranked: too little history' };
    const fallen = this.parameters.onlyRising && ranked.gain <= 0 ? 'has not risen' : 'no longer among the best';
    const reason = `Ranks ${place + 1} of ${candidates.length} with ${this.performance(ranked)}: ${fallen}`;
    return { kind: 'exit', symbol, reason };
  }

  private target(market: Market, candidate: Candidate, place: number, ranked: number): Signal | undefined {
    const { exposure, holdings, tolerance } = this.parameters;
    const window = this.windows[candidate.index]!;
    const { symbol } = window.feed;
    const weight = exposure / holdings;
    const position = market.position(symbol);
    const present = (position * window.close()) / market.equity;
    if (position !== 0 && Math.abs(present - weight) <= tolerance) return undefined;
    const reason = `Ranks ${place} of ${ranked} with ${this.performance(candidate)}: hold ${showPercent(weight)} of equity (now ${showPercent(present)})`;
    return { kind: 'target', symbol, weight, reason };
  }

  private performance(candidate: Candidate): string {
    const { lookback, volatilityAdjusted } = this.parameters;
    const gain = `${showPercent(candidate.gain)} in ${lookback} bars`;
    return volatilityAdjusted ? `${gain}, ${candidate.score.toFixed(2)} times its volatility` : gain;
  }

  override indicators(): Readonly<Record<string, number>> {
    return { bestGain: this.bestGain, lastHeldGain: this.lastHeldGain, holdings: this.holdings };
  }
}

export default defineStrategy({
  name: 'momentum-rotation',
  title: 'Momentum rotation',
  description:
    'Ranks several symbols by their return every so many bars, holds the best at equal weights and leaves the rest.',
  parameters,
  symbols: { minimum: 2, maximum: 50 },
  lookback: ({ lookback }) => lookback + 1,
  plots: {
    bestGain: { pane: 'momentum' },
    lastHeldGain: { pane: 'momentum' },
    holdings: { pane: 'holdings', style: 'histogram' },
  },
  create: (values, market) => new MomentumRotation(values, market),
});
