import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DAY_MS, MINUTE_MS } from '../../../src/foundation/time.ts';
import { readYahooChart } from '../../../src/providers/yahoo/yahoo-chart.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

const folder = sharedData('yahoo-fixtures');

interface RawChart {
  readonly chart: {
    readonly result:
      | readonly {
          readonly timestamp?: readonly number[];
          readonly indicators: { readonly quote: readonly Record<string, readonly (number | null)[]>[] };
        }[]
      | null;
  };
}

interface Recording {
  readonly response?: { readonly bodyJson?: RawChart };
}

function recorded(name: string): RawChart | undefined {
  const { response } = JSON.parse(readFileSync(join(folder!, name), 'utf8')) as Recording;
  return response?.bodyJson;
}

test('recorded answers give every row that has a price, with the recorded values', { skip: skipUnless(folder) }, () => {
  let rows = 0;
  let charts = 0;
  for (const name of readdirSync(folder!).filter((one) => one.startsWith('chart-') && !one.includes('.fake.'))) {
    const answer = recorded(name);
    const result = answer?.chart.result?.[0];
    if (result === undefined) continue;
    charts += 1;
    const read = readYahooChart(answer, DAY_MS);
    assert.ok(read.ok, `${name}: ${read.ok ? '' : read.error.message}`);
    const quote = result.indicators.quote[0]!;
    const expected = (result.timestamp ?? [])
      .map((seconds, index) => ({ seconds, index }))
      .filter(({ index }) =>
        ['open', 'high', 'low', 'close'].every((field) => typeof quote[field]?.[index] === 'number'),
      )
      .map(({ seconds, index }) => [
        seconds * 1_000,
        quote.open![index],
        quote.close![index],
        quote.volume?.[index] ?? 0,
      ]);
    assert.deepEqual(
      read.value.rows.map(({ openTime, open, close, volume }) => [openTime, open, close, volume]),
      expected,
      name,
    );
    rows += expected.length;
  }
  assert.ok(charts >= 15 && rows >= 60, `${charts} charts, ${rows} rows`);
});

test('a day without trading has no rows', { skip: skipUnless(folder) }, () => {
  const read = readYahooChart(
    recorded('chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json'),
    MINUTE_MS,
  );
  assert.ok(read.ok);
  assert.deepEqual(read.value.rows, []);
  assert.equal(read.value.symbol, 'AAPL');
});

function answer(timestamp: readonly number[], closes: readonly (number | null)[], regularMarketTime: number): unknown {
  const quote = { open: closes, high: closes, low: closes, close: closes, volume: closes.map(() => 1) };
  const meta = { symbol: 'X', currency: 'USD', regularMarketPrice: 2, regularMarketTime, priceHint: 2 };
  return { chart: { result: [{ meta, timestamp, indicators: { quote: [quote] } }], error: null } };
}

test('the last row has closed only when there was a trade after its end', () => {
  const closed = (lastTrade: number): unknown => {
    const read = readYahooChart(answer([600, 660, 720], [1, null, 2], lastTrade), MINUTE_MS);
    return read.ok && read.value.rows.map(({ openTime, isClosed }) => [openTime, isClosed]);
  };
  assert.deepEqual(closed(779), [
    [600_000, true],
    [720_000, false],
  ]);
  assert.deepEqual(closed(780), [
    [600_000, true],
    [720_000, true],
  ]);
});

test('an error of the service, and what is no answer of it, are told as such', () => {
  const error = { code: 'Not Found', description: 'No data found, symbol may be delisted' };
  const refused = readYahooChart({ chart: { result: null, error } }, MINUTE_MS);
  assert.deepEqual(refused, {
    ok: false,
    error: { kind: 'refused', message: 'Not Found: No data found, symbol may be delisted' },
  });
  for (const wrong of [{}, [], null, 'x', { chart: { result: [], error: null } }, answer([600], ['1' as never], 1)]) {
    const read = readYahooChart(wrong, MINUTE_MS);
    assert.equal(!read.ok && read.error.kind, 'malformed');
  }
});
