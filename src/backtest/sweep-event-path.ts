import { feedName } from '../domain/candle.ts';
import type { VenueFactory } from '../engine/open-session.ts';
import { invariant } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { type CheckedParameters, strategyFeeds } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { runBacktest, SampleMemory } from './backtest.ts';
import { SweepSummary } from './sweep-figures.ts';
import type { PointOutcome, PointRunner } from './sweep-point.ts';
import { type SweepTerms, sessionOf, venueOf } from './sweep-terms.ts';

/** What the points of a sweep are computed from. */
export interface PointSetting {
  readonly definition: AnyStrategyDefinition;
  readonly terms: SweepTerms;
  /** The bars of each feed, by feed name. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  /** Why a point failed, in one sentence, of what was thrown. */
  readonly explain: (thrown: unknown) => string;
}

/** Points bar by bar through the engine, by the same path as `tradewind backtest`. */
export class EventPath implements PointRunner {
  readonly path = 'event';
  readonly #setting: PointSetting;
  readonly #venue: VenueFactory;
  readonly #memory = new SampleMemory();
  readonly #summaries = new Map<string, SweepSummary>();

  constructor(setting: PointSetting) {
    this.#setting = setting;
    this.#venue = venueOf(setting.terms.venue);
  }

  run(points: readonly CheckedParameters[]): readonly PointOutcome[] {
    return points.map((parameters) => this.#one(parameters));
  }

  #one(parameters: CheckedParameters): PointOutcome {
    const { definition, terms, columns, explain } = this.#setting;
    try {
      const session = sessionOf(definition, terms, parameters);
      const result = runBacktest({
        session,
        columns,
        venue: this.#venue,
        endOfRun: terms.endOfRun,
        record: 'sums',
        memory: this.#memory,
      });
      return { ok: true, figures: this.#summary(parameters).figures(result) };
    } catch (thrown) {
      return { ok: false, message: explain(thrown) };
    }
  }

  /** One for each main feed: parameters may choose it. */
  #summary(parameters: CheckedParameters): SweepSummary {
    const { definition, terms, columns } = this.#setting;
    const main = feedName(strategyFeeds(definition, parameters, terms.symbols, terms.timeframe)[0]!);
    let summary = this.#summaries.get(main);
    if (summary === undefined) {
      const bars = columns.get(main);
      invariant(bars !== undefined, 'No bars for the main feed of a sweep', { feed: main });
      summary = new SweepSummary(terms, bars);
      this.#summaries.set(main, summary);
    }
    return summary;
  }
}
