import { type Feed, feedName } from '../../domain/candle.ts';
import type { Timeframe } from '../../domain/timeframe.ts';
import { type CancelTimer, type Clock, sleep } from '../../foundation/clock.ts';
import { invariant, messageOf, UserError } from '../../foundation/errors.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { CandleColumns } from '../../market/candle-columns.ts';
import type { MarketDataFeed, MarketDataSink } from '../../market/market-data.ts';
import type { OnDefect } from './candle-rows.ts';
import { loadCandlesWithSource } from './load-candles.ts';

export interface ReplayOptions {
  /** Symbol → path of its file of bars, of the feed's timeframe or of one that divides it. */
  readonly files: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /**
   * How many seconds of the market pass in a second of the clock (600: a day in 144 s), or `'max'`: as fast as the sink
   * takes them.
   */
  readonly speed: number | 'max';
  readonly timestampMeans?: 'open' | 'close';
  readonly onDefect?: OnDefect;
}

/** At full speed, after so many moments of the market everything else in the process gets its turn. */
const MOMENTS_PER_TURN = 512;

/** One feed's bars, and how far they were given. */
interface Track {
  readonly feed: Feed;
  readonly columns: CandleColumns;
  readonly rawLine: (row: number) => string | null;
  row: number;
}

/** What `stop` takes hold of. */
interface Run {
  stopped: boolean;
  /** Ends the wait for the next moment. */
  wake: () => void;
}

/**
 * Replays recorded files as if they happened now: a feed like an exchange's, for paper trading and for tests. All
 * candles that close at one moment are given in the order of the feeds, then the watermark of that moment. The first
 * moment comes at once, and each later one when `speed` says; those that fell due meanwhile, because the clock's timer
 * or the sink was late, follow each other without a wait. Gaps of the market last as long as they lasted.
 */
export class ReplayFeed implements MarketDataFeed {
  readonly name = 'replay';
  readonly delayMs = 0;
  readonly #options: ReplayOptions;
  #run: Run | undefined;

  /** Throws a UserError when the speed is not positive. */
  constructor(options: ReplayOptions) {
    const { speed } = options;
    if (speed !== 'max' && !(speed > 0 && Number.isFinite(speed))) {
      throw new UserError(`The replay speed ${speed} is not a positive number; give a number, or max.`);
    }
    this.#options = options;
  }

  async start(feeds: readonly Feed[], resumeAfter: ReadonlyMap<string, EpochMs>, sink: MarketDataSink): Promise<void> {
    invariant(this.#run === undefined || this.#run.stopped, 'A replay that has begun can not begin again');
    const run: Run = { stopped: false, wake: () => {} };
    this.#run = run;
    const tracks: Track[] = [];
    try {
      for (const feed of feeds) tracks.push(await this.#open(feed, resumeAfter.get(feedName(feed))));
    } catch (error) {
      run.stopped = true;
      throw error;
    }
    void this.#replay(tracks, sink, run);
  }

  async stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    run.stopped = true;
    run.wake();
  }

  async #open(feed: Feed, after: EpochMs | undefined): Promise<Track> {
    const { files, timestampMeans, onDefect } = this.#options;
    const path = files.get(feed.symbol);
    if (path === undefined) {
      const known = [...files.keys()].join(', ');
      throw new UserError(`No file to replay ${feed.symbol} from; there are files of ${known || 'nothing'}.`);
    }
    const timeframe: Timeframe = feed.timeframe;
    const { loaded, rawLine } = await loadCandlesWithSource({
      path,
      symbol: feed.symbol,
      timeframe,
      ...(timestampMeans !== undefined && { timestampMeans }),
      ...(onDefect !== undefined && { onDefect }),
    });
    const { columns } = loaded;
    return { feed, columns, rawLine, row: after === undefined ? 0 : rowAfter(columns, after) };
  }

  async #replay(tracks: readonly Track[], sink: MarketDataSink, run: Run): Promise<void> {
    try {
      await this.#giveAll(tracks, sink, run);
      if (!run.stopped) await sink.end();
    } catch (error) {
      // The sink failed: it is told once, and what it makes of that is not caught.
      if (!run.stopped) await sink.end(error instanceof Error ? error : new Error(messageOf(error)));
    } finally {
      run.stopped = true;
    }
  }

  async #giveAll(tracks: readonly Track[], sink: MarketDataSink, run: Run): Promise<void> {
    const { clock, speed } = this.#options;
    const firstMoment = nextMoment(tracks);
    const begun = clock.monotonic();
    let moments = 0;
    for (let moment = firstMoment; moment !== undefined; moment = nextMoment(tracks)) {
      if (speed !== 'max') {
        const wait = begun + (moment - firstMoment!) / speed - clock.monotonic();
        if (wait > 0) await pause(clock, wait, run);
      } else if (++moments % MOMENTS_PER_TURN === 0) await sleep(clock, 0);
      for (const track of tracks) {
        if (run.stopped) return;
        if (closeTimeOf(track) === moment) await give(track, sink);
      }
      if (run.stopped) return;
      await sink.watermark(moment);
    }
  }
}

async function give(track: Track, sink: MarketDataSink): Promise<void> {
  const { feed, columns, rawLine } = track;
  const row = track.row++;
  await sink.candle(feed, columns.candle(row), rawLine(row));
}

function closeTimeOf({ columns, row }: Track): EpochMs | undefined {
  return row < columns.length ? columns.closeTime(row) : undefined;
}

/** The earliest close time of what is still to be given. */
function nextMoment(tracks: readonly Track[]): EpochMs | undefined {
  let next = Number.POSITIVE_INFINITY;
  for (const track of tracks) next = Math.min(next, closeTimeOf(track) ?? next);
  return next === Number.POSITIVE_INFINITY ? undefined : epochMs(next);
}

/** The first row that closes after a moment. */
function rowAfter(columns: CandleColumns, moment: EpochMs): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.closeTime(middle) <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Waits, but no longer than until the run is stopped. */
function pause(clock: Clock, duration: number, run: Run): Promise<void> {
  return new Promise((resolve) => {
    const cancel: CancelTimer = clock.after(duration, resolve);
    run.wake = () => {
      cancel();
      resolve();
    };
  });
}
