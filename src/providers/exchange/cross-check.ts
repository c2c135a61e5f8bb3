import type { Candle, Feed } from '../../domain/candle.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Random } from '../../foundation/random.ts';
import type { CandleTrack } from './candle-track.ts';
import { candleOf, type ExchangeConnection, ExchangeFailure, isSameCandle } from './exchange-connection.ts';
import { Pauses } from './pauses.ts';

export interface CrossCheckParts {
  readonly connection: ExchangeConnection;
  readonly clock: Clock;
  readonly random: Random;
  /** Of the candles that the stream gave: so many are compared with the history, 0 to 1. */
  readonly share: number;
  /** The history was asked once more for a candle that was given. */
  readonly onChecked: () => void;
  /** The history tells `history` of a candle, where `claimed` was given, or came too late to be given. */
  readonly onDifferent: (track: CandleTrack, claimed: Candle, history: Candle) => void;
  /** The history agrees with a claim. */
  readonly onSame: (track: CandleTrack, claimed: Candle) => void;
}

/** After the history has settled, so much later at most: checks of all symbols do not fall into one second. */
const SPREAD_MS = 5_000;
/** Of a history that could not be read, or does not have the candle yet. */
const MOST_ATTEMPTS = 4;
const AGAIN_MS = 5_000;
/** More than these are under way, and samples are left out; suspicions never are. */
const MOST_SAMPLES_UNDER_WAY = 50;

/**
 * Compares candles of the stream with the history: a share of all, and each one that there is a reason to doubt. A close
 * that is merely wrong can't be seen in any other way.
 */
export class CrossCheck {
  readonly #parts: CrossCheckParts;
  readonly #pauses: Pauses;
  #underWay = 0;
  #stopped = false;

  constructor(parts: CrossCheckParts) {
    this.#parts = parts;
    this.#pauses = new Pauses(parts.clock);
  }

  stop(): void {
    this.#stopped = true;
    this.#pauses.end();
  }

  /** A candle that the stream gave: chance decides. */
  sample(track: CandleTrack, candle: Candle): void {
    if (this.#parts.share <= 0 || this.#parts.random.next() >= this.#parts.share) return;
    if (this.#underWay < MOST_SAMPLES_UNDER_WAY) this.doubt(track, candle);
  }

  /** There is a reason to ask for this one. @param claimed as the stream tells it */
  doubt(track: CandleTrack, claimed: Candle): void {
    if (!this.#stopped) void this.#check(track, claimed);
  }

  async #check(track: CandleTrack, claimed: Candle): Promise<void> {
    const { connection, random } = this.#parts;
    this.#underWay += 1;
    await this.#pauses.pause(connection.traits.settleMs + random.next() * SPREAD_MS);
    for (let attempt = 0; attempt < MOST_ATTEMPTS && !this.#stopped; attempt++) {
      const history = await this.#ask(track.feed, claimed);
      if (this.#stopped) break;
      if (history !== undefined) {
        this.#parts.onChecked();
        if (isSameCandle(history, claimed)) this.#parts.onSame(track, claimed);
        else this.#parts.onDifferent(track, claimed, history);
        break;
      }
      await this.#pauses.pause(AGAIN_MS);
    }
    this.#underWay -= 1;
  }

  async #ask(feed: Feed, { openTime }: Candle): Promise<Candle | undefined> {
    try {
      // Two rows: a history that ends with the one that is asked for may not have settled yet.
      const rows = await this.#parts.connection.candles(feed, openTime, 2);
      const row = rows.find((one) => one.openTime === openTime);
      return row === undefined ? undefined : candleOf(row, feed);
    } catch (thrown) {
      if (thrown instanceof ExchangeFailure) return undefined;
      throw thrown;
    }
  }
}
