import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../../../src/foundation/time.ts';
import { LatestQuotes } from '../../../src/providers/ccxt/latest-quotes.ts';
import { decimal, isoTime, time, type VenueMessage } from '../../../src/providers/ccxt/venue-message.ts';
import { VENUES } from '../../../src/providers/ccxt/venues.ts';
import { dialects } from '../../support/venues/dialects.ts';
import { scriptedCandles } from '../../support/venues/scripted-market.ts';

const [candle] = scriptedCandles(1, 100);

test('numbers are read strictly', () => {
  for (const good of ['1', '-1', '0.001', '1e-7', '1E5', 3, 0.5]) assert.equal(decimal(good), Number(good));
  for (const bad of [
    '',
    ' 1',
    '0x10',
    '1e400',
    'NaN',
    'Infinity',
    '1,5',
    '.5',
    null,
    undefined,
    true,
    [],
    Number.NaN,
  ]) {
    assert.equal(decimal(bad), undefined, String(bad));
  }
});

test('times are milliseconds of our age', () => {
  assert.equal(time('1672324988882'), 1_672_324_988_882);
  for (const bad of [1_672_324_988, 1_672_324_988_882_000, 1.5, -1, 'now', null]) assert.equal(time(bad), undefined);
  assert.equal(isoTime('2021-04-17T16:43:30.244075Z'), Date.UTC(2021, 3, 17, 16, 43, 30, 244));
  for (const bad of ['2021-04-17', '2021-13-17T16:43:30Z', 5, '2021-04-17T16:43:30'])
    assert.equal(isoTime(bad), undefined);
});

for (const { id, read } of VENUES) {
  const dialect = dialects.get(id)!;
  const market = dialect.marketId('BTCUSDT');
  const said = (text: string): readonly VenueMessage[] => read(JSON.parse(text));

  test(`${id}: reads its prices`, () => {
    const [, text] = dialect.price(market, candle!, candle!.closeTime);
    const [price, ...rest] = said(text);
    assert.deepEqual(rest, []);
    assert.ok(price?.kind === 'price');
    const { last, bid, ask, exchangeTime } = price;
    assert.deepEqual(
      [last, bid, ask, exchangeTime],
      [candle!.close, candle!.close - 0.25, candle!.close + 0.25, candle!.closeTime],
    );
  });

  test(`${id}: reads its candles with the closed flag as it stands there`, {
    skip: dialect.candle === undefined,
  }, () => {
    for (const isClosed of [true, false]) {
      const [words] = said(dialect.candle!(market, candle!, isClosed, candle!.closeTime)[1]);
      assert.ok(words?.kind === 'candle');
      assert.equal(words.isClosed, id === 'bitvavo' ? undefined : isClosed);
      const { openTime, open, high, low, close, volume } = words;
      const { closeTime: _, ...expected } = candle!;
      assert.deepEqual({ openTime, open, high, low, close, volume }, expected);
    }
  });

  test(`${id}: never throws, and takes nothing that is not a number for a value`, () => {
    const texts = [dialect.price(market, candle!, candle!.closeTime)[1]];
    if (dialect.candle !== undefined) texts.push(dialect.candle(market, candle!, true, candle!.closeTime)[1]);
    const rotten = fc.oneof(
      fc.constantFrom<unknown>('', 'x', '1e400', '0x10', null, true, [], {}, Number.NaN, -0, '__proto__'),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), rotten, (text, place, value) => {
        for (const words of read(spoilt(JSON.parse(text), place, value))) {
          for (const one of Object.values(words)) assert.ok(typeof one !== 'number' || Number.isFinite(one));
        }
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.anything(), (value) => void read(value)),
      { numRuns: 1_000 },
    );
  });
}

/** A message with one of its values replaced. */
function spoilt(message: unknown, place: number, value: unknown): unknown {
  const leaves: (readonly [Record<string, unknown>, string])[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      leaves.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(message);
  const [parent, key] = leaves[place % leaves.length]!;
  parent[key] = value;
  return message;
}

test('a price is put together of what changed, and only once there was a trade', () => {
  const quotes = new LatestQuotes('bybit');
  const now = epochMs(5_000);
  const at = (milliseconds: number) => ({ kind: 'price', market: 'X', exchangeTime: epochMs(milliseconds) }) as const;
  assert.equal(quotes.take('X', { ...at(1_000), bid: 1, ask: 2 }, now), undefined);
  assert.deepEqual(quotes.take('X', { ...at(1_100), last: 1.5 }, now), {
    ...{ symbol: 'X', price: 1.5, bid: 1, ask: 2, occurredAt: 1_100, source: 'bybit' },
  });
  assert.equal(quotes.take('X', { ...at(1_200), ask: 3 }, now)?.ask, 3);
  assert.equal(
    quotes.take('X', { kind: 'price', market: 'X', exchangeTime: undefined, bid: 1.25 }, now)?.occurredAt,
    now,
  );
  quotes.forget('X');
  assert.equal(quotes.take('X', { ...at(9_000), bid: 1 }, now), undefined);
});
