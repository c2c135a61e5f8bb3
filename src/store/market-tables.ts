import { type Kysely, sql } from 'kysely';
import type { Candle, Feed } from '../domain/candle.ts';
import type { CandleMessage } from '../domain/event.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import { InvariantError } from '../foundation/errors.ts';
import type { EpochMs } from '../foundation/time.ts';
import { chunksOf } from './chunks.ts';
import type { Row, Tables } from './schema.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import type { MarketRecord, MarketStore } from './store.ts';
import { storedFloat, storedText, storedWhole } from './stored-values.ts';

type CandleRow = Row<'candles'>;

/** How often two writers may surprise one another with revisions of the same candles before something is wrong. */
const MAXIMUM_ROUNDS = 10;

/** Candles in all their revisions and, apart from them, the raw messages they came from. */
export class MarketTables implements MarketStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async recordMarket(records: readonly MarketRecord[]): Promise<void> {
    if (records.length === 0) return;
    const first = records.map(({ candle }) => candleRow(candle));
    await this.#database.transaction(async (session) => {
      const inserted = await session.insertMissing('candles', first);
      const kept = inserted === first.length ? first : await keepRevisions(session, first);
      await session.insertMissing('raw_messages', rawRows(records, kept));
    });
  }

  async candlesAfter(feed: Feed, afterSequence: number, limit: number): Promise<readonly CandleMessage[]> {
    const rows = await this.#database.read((kysely) =>
      newestRevisions(kysely)
        .where('symbol', '=', feed.symbol)
        .where('timeframe', '=', feed.timeframe)
        .where('sequence', '>', afterSequence)
        .orderBy('sequence')
        .limit(limit)
        .execute(),
    );
    return rows.map(messageOf);
  }

  async lastCandles(feed: Feed, until: EpochMs, count: number): Promise<readonly Candle[]> {
    const rows = await this.#database.read((kysely) =>
      newestRevisions(kysely)
        .where('symbol', '=', feed.symbol)
        .where('timeframe', '=', feed.timeframe)
        .where('close_time', '<=', until)
        .orderBy('close_time', 'desc')
        .limit(count)
        .execute(),
    );
    return rows.reverse().map(candleOf);
  }

  async candleVersions(feed: Feed, closeTime: EpochMs): Promise<readonly CandleMessage[]> {
    const rows = await this.#database.read((kysely) =>
      kysely
        .selectFrom('candles')
        .selectAll()
        .where('symbol', '=', feed.symbol)
        .where('timeframe', '=', feed.timeframe)
        .where('close_time', '=', closeTime)
        .orderBy('revision')
        .execute(),
    );
    return rows.map(messageOf);
  }

  async newestCandles(): Promise<readonly CandleMessage[]> {
    const rows = await this.#database.read(async (kysely) => (await newestOfEachFeed.execute(kysely)).rows);
    return rows.map(messageOf).sort((a, b) => compare(a.symbol, b.symbol) || compare(a.timeframe, b.timeframe));
  }

  async countRows(table: Parameters<MarketStore['countRows']>[0]): Promise<number> {
    const { count } = await this.#database.read((kysely) =>
      kysely
        .selectFrom(table)
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow(),
    );
    return Number(count);
  }
}

/** Each candle in its newest revision: one look-up in the primary key a row, whatever the planner believes of the table. */
function newestRevisions(kysely: Kysely<Tables>) {
  return kysely
    .selectFrom('candles as candle')
    .selectAll()
    .where('candle.revision', '=', ({ selectFrom }) =>
      selectFrom('candles as any_revision')
        .select(({ fn }) => fn.max('any_revision.revision').as('newest'))
        .whereRef('any_revision.symbol', '=', 'candle.symbol')
        .whereRef('any_revision.timeframe', '=', 'candle.timeframe')
        .whereRef('any_revision.close_time', '=', 'candle.close_time'),
    );
}

/**
 * Jumps from symbol to symbol and from timeframe to timeframe along the primary key (a loose index scan), so that it costs
 * a few look-ups a feed however many candles there are. SQLite keeps to the order of a `cross join`.
 */
const newestOfEachFeed = sql<CandleRow>`
  with recursive
  listed (symbol) as (
    select min(symbol) from candles
    union all
    select (select min(c.symbol) from candles c where c.symbol > listed.symbol)
    from listed where listed.symbol is not null
  ),
  feed (symbol, timeframe) as (
    select symbol, (select min(c.timeframe) from candles c where c.symbol = listed.symbol)
    from listed where listed.symbol is not null
    union all
    select symbol, (select min(c.timeframe) from candles c
      where c.symbol = feed.symbol and c.timeframe > feed.timeframe)
    from feed where feed.timeframe is not null
  )
  select candles.* from feed cross join candles
  where candles.symbol = feed.symbol and candles.timeframe = feed.timeframe
    and candles.close_time = (select max(c.close_time) from candles c
      where c.symbol = feed.symbol and c.timeframe = feed.timeframe)
    and candles.revision = (select max(c.revision) from candles c
      where c.symbol = feed.symbol and c.timeframe = feed.timeframe and c.close_time = candles.close_time)`;

/**
 * Finds for each candle the revision it is, adding those that are new. Gives the rows as they are kept, in the order of
 * `wanted`.
 *
 * A candle is there already when the newest revision has its values, or when any revision is the same message: a log that
 * delivers twice brings an old revision again after a newer one. A candle that goes back to values that it had is a new
 * revision.
 */
async function keepRevisions(session: SqlSession, wanted: readonly CandleRow[]): Promise<readonly CandleRow[]> {
  for (let round = 0; round < MAXIMUM_ROUNDS; round++) {
    const present = await presentRevisions(session, wanted);
    const added: CandleRow[] = [];
    const kept = wanted.map((candle) => {
      const revisions = present.get(keyOf(candle)) ?? [];
      const newest = revisions.at(-1);
      const same = revisions.find((one) => sameValues(one, candle) && (one === newest || isSameDelivery(one, candle)));
      if (same) return same;
      const revision = { ...candle, revision: (newest?.revision ?? 0) + 1 };
      present.set(keyOf(candle), [...revisions, revision]);
      added.push(revision);
      return revision;
    });
    const inserted = await session.insertMissing('candles', added);
    // Otherwise another writer added revisions of the same candles meanwhile: look again.
    if (inserted === added.length) return kept;
  }
  throw new InvariantError('Candle revisions do not settle', { rounds: MAXIMUM_ROUNDS, candles: wanted.length });
}

function isSameDelivery(one: CandleRow, other: CandleRow): boolean {
  return one.sequence === other.sequence && one.received_at === other.received_at;
}

async function presentRevisions(
  { kysely }: SqlSession,
  wanted: readonly CandleRow[],
): Promise<Map<string, readonly CandleRow[]>> {
  const closeTimes = new Map<string, { readonly feed: CandleRow; readonly times: Set<number> }>();
  for (const candle of wanted) {
    const name = JSON.stringify([candle.symbol, candle.timeframe]);
    const entry = closeTimes.get(name) ?? { feed: candle, times: new Set<number>() };
    entry.times.add(candle.close_time);
    closeTimes.set(name, entry);
  }
  const present = new Map<string, CandleRow[]>();
  for (const { feed, times } of closeTimes.values()) {
    for (const some of chunksOf([...times])) {
      const rows = await kysely
        .selectFrom('candles')
        .selectAll()
        .where('symbol', '=', feed.symbol)
        .where('timeframe', '=', feed.timeframe)
        .where('close_time', 'in', some)
        .orderBy('close_time')
        .orderBy('revision')
        .execute();
      for (const row of rows) {
        const revisions = present.get(keyOf(row));
        if (revisions) revisions.push(row);
        else present.set(keyOf(row), [row]);
      }
    }
  }
  return present;
}

function keyOf(row: CandleRow): string {
  return JSON.stringify([row.symbol, row.timeframe, row.close_time]);
}

function sameValues(a: CandleRow, b: CandleRow): boolean {
  return (
    a.open_time === b.open_time &&
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    a.volume === b.volume
  );
}

/** The raw messages, each under the revision of the candle that came of it; the first of a revision stays. */
function rawRows(records: readonly MarketRecord[], kept: readonly CandleRow[]): Row<'raw_messages'>[] {
  return records.flatMap(({ raw, candle }, index) => {
    if (raw === null) return [];
    const { symbol, timeframe, close_time, revision } = kept[index]!;
    const { sequence, source, receivedAt } = candle;
    return [
      {
        symbol,
        timeframe,
        close_time,
        revision,
        sequence,
        source: storedText(source),
        received_at: receivedAt,
        raw: storedText(raw),
      },
    ];
  });
}

function candleRow(candle: CandleMessage): CandleRow {
  return {
    symbol: candle.symbol,
    timeframe: candle.timeframe,
    close_time: storedWhole(candle.closeTime, 'closeTime'),
    revision: 1,
    sequence: storedWhole(candle.sequence, 'sequence'),
    open_time: storedWhole(candle.openTime, 'openTime'),
    open: storedFloat(candle.open, 'open'),
    high: storedFloat(candle.high, 'high'),
    low: storedFloat(candle.low, 'low'),
    close: storedFloat(candle.close, 'close'),
    volume: storedFloat(candle.volume, 'volume'),
    watermark: storedWhole(candle.watermark, 'watermark'),
    source: storedText(candle.source),
    received_at: storedWhole(candle.receivedAt, 'receivedAt'),
  };
}

function candleOf(row: CandleRow): Candle {
  return {
    openTime: row.open_time as EpochMs,
    closeTime: row.close_time as EpochMs,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
  };
}

function messageOf(row: CandleRow): CandleMessage {
  return {
    symbol: row.symbol,
    timeframe: row.timeframe as Timeframe,
    ...candleOf(row),
    sequence: row.sequence,
    watermark: row.watermark as EpochMs,
    source: row.source,
    receivedAt: row.received_at as EpochMs,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
