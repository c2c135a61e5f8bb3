import { type Candle, feedName, type Trade } from '../../domain/candle.ts';
import type { CandleTrack, GivenCandle } from './candle-track.ts';
import { CrossCheck } from './cross-check.ts';
import type { FeedRunParts } from './feed-options.ts';
import type { SinkQueue } from './sink-queue.ts';
import { type RebuiltCandle, TradeComparison } from './trade-comparison.ts';

export interface CandleChecksParts extends Omit<FeedRunParts, 'exchangeClock'> {
  readonly queue: SinkQueue;
  readonly tracks: ReadonlyMap<string, CandleTrack>;
}

const DEFAULT_SHARE = 0.01;

/**
 * Whether the candles that were given are right: a share of the stream's, and every doubtful one, are compared with the
 * history, and all with the trades where that is wished. What turns out otherwise is told as a conflict, and as a
 * revision of the candle where the configured authority says so.
 */
export class CandleChecks {
  readonly #parts: CandleChecksParts;
  readonly #crossCheck: CrossCheck;
  /** The candle of a track that there is a reason to doubt. */
  readonly #doubted = new Map<CandleTrack, number>();
  readonly #comparisons = new Map<string, TradeComparison>();

  constructor(parts: CandleChecksParts) {
    this.#parts = parts;
    const { counts, crossCheckShare, compareTrades, connection } = parts;
    this.#crossCheck = new CrossCheck({
      ...parts,
      share: crossCheckShare ?? DEFAULT_SHARE,
      onChecked: () => {
        counts.crossChecks += 1;
      },
      onSame: (track, claimed) => this.#revise(track, claimed, null),
      onDifferent: (track, claimed, history) => this.#conflict(track, claimed, history),
    });
    if (compareTrades !== true || !connection.traits.streamsTrades) return;
    for (const [name, { feed }] of parts.tracks) this.#comparisons.set(name, new TradeComparison(feed));
  }

  stop(): void {
    this.#crossCheck.stop();
  }

  /** The candle that opens then was called closed suspiciously early. */
  doubt(track: CandleTrack, openTime: number): void {
    this.#doubted.set(track, openTime);
  }

  given(track: CandleTrack, { candle, fromHistory }: GivenCandle): void {
    this.#compared(this.#comparisons.get(feedName(track.feed))?.candle(candle) ?? [], track);
    if (fromHistory) return;
    if (this.#doubted.get(track) === candle.openTime) this.#crossCheck.doubt(track, candle);
    else this.#crossCheck.sample(track, candle);
  }

  /** The stream says that a candle which was given is another: the history decides, where it has the authority. */
  claimed(track: CandleTrack, candle: Candle, raw: string | null): void {
    if (this.#parts.authority === 'stream') this.#revise(track, candle, raw);
    else this.#crossCheck.doubt(track, candle);
  }

  trade(symbol: string, trade: Trade): void {
    if (!(trade.price > 0 && trade.quantity >= 0)) {
      this.#parts.counts.impossible += 1;
      return;
    }
    for (const [name, track] of this.#parts.tracks) {
      if (track.feed.symbol === symbol) this.#compared(this.#comparisons.get(name)?.trade(trade) ?? [], track);
    }
  }

  /** The connection of a symbol's trades broke. */
  tradesBroken(symbol: string): void {
    for (const [name, track] of this.#parts.tracks) {
      if (track.feed.symbol === symbol) this.#comparisons.get(name)?.broken();
    }
  }

  #conflict({ feed }: CandleTrack, stream: Candle, history: Candle): void {
    const { counts, logger, sink, authority, tracks } = this.#parts;
    const kept = authority ?? 'history';
    counts.conflicts += 1;
    logger.warn('stream and history tell different candles', { ...feed, stream, history, kept });
    sink.notice?.({ kind: 'conflict', feed, stream, history, kept });
    this.#revise(tracks.get(feedName(feed))!, kept === 'history' ? history : stream, null);
  }

  #revise(track: CandleTrack, candle: Candle, raw: string | null): void {
    const revision = track.revise(candle);
    if (revision === undefined) return;
    this.#parts.counts.revised += 1;
    this.#parts.queue.revised(track.feed, revision, raw);
  }

  #compared(pairs: readonly RebuiltCandle[], { feed }: CandleTrack): void {
    const { counts, logger, sink } = this.#parts;
    for (const { given, rebuilt, isSame } of pairs) {
      counts.rebuilt += 1;
      if (isSame) continue;
      counts.rebuiltDifferent += 1;
      logger.warn('a candle built from trades is not the one that was given', { ...feed, given, rebuilt });
      sink.notice?.({ kind: 'rebuilt-differs', feed, given, rebuilt });
    }
  }
}
