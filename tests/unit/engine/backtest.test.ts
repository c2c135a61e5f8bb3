import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EndOfRun, runBacktest } from '../../../src/backtest/backtest.ts';
import { formatFixed } from '../../../src/foundation/fixed-point.ts';
import { MINUTE_MS } from '../../../src/foundation/time.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { Strategy } from '../../../src/strategy/strategy.ts';
import { type Minute, minutes, type Script, scripted } from './scripted-strategy.ts';
import { specOf, type VenueTerms, venueOf } from './session-bench.ts';

const FREE = {
  spread: { kind: 'none' },
  slippage: { kind: 'none' },
  fees: { kind: 'percent', makerRate: 0, takerRate: 0 },
} as const;
const holding: Script = (step) =>
  step === 1 ? { kind: 'enter', side: 'long', symbol: 'BTCUSDT', stopLoss: 50, reason: 'hold' } : undefined;

function run(prices: readonly Minute[], endOfRun: EndOfRun, venue: VenueTerms = {}, script = holding) {
  const candles = minutes({ BTCUSDT: prices }).map(({ candles }) => candles.get('BTCUSDT:1m')!);
  const columns = CandleColumns.from(candles, MINUTE_MS);
  const session = specOf({ definition: scripted(script), limits: { maximumRiskPerTrade: 1 } });
  return runBacktest({
    session,
    columns: new Map([['BTCUSDT:1m', columns]]),
    venue: venueOf({ costs: FREE, ...venue }),
    endOfRun,
  });
}

const last = ({ record }: ReturnType<typeof run>): string => {
  const fill = record.fills.at(-1)!;
  return `${fill.side} ${formatFixed(fill.quantity)} @ ${formatFixed(fill.price)} ${fill.time / MINUTE_MS}`;
};

describe('the end of a backtest', () => {
  const prices: Minute[] = [100, 100, [110, 125, 105, 120]];

  test('keeps what is open, at the last close', () => {
    const result = run(prices, 'keep');
    assert.equal(last(result), 'buy 10 @ 100 1');
    assert.deepEqual([...result.equity], [10_000, 10_000, 10_200]);
  });

  test('or closes it at the last close, or at the last open; its protection is taken back', () => {
    for (const [endOfRun, fill, equity] of [
      ['close-at-last-close', 'sell 10 @ 120 3', 10_200],
      ['close-at-last-open', 'sell 10 @ 110 3', 10_100],
    ] as const) {
      const result = run(prices, endOfRun);
      assert.equal(last(result), fill);
      assert.deepEqual([result.equity.length, result.equity.at(-1)], [3, equity]);
      assert.equal(result.session.engine.orders.count, 0);
      assert.equal(result.record.roundTrips.length, 1);
    }
  });

  test('also at a venue that is slow, or thin', () => {
    for (const latencyMs of [1, 500, MINUTE_MS, 5 * MINUTE_MS + 7]) {
      const flat: Minute[] = Array(9).fill(100);
      const result = run(flat, 'close-at-last-close', { latencyMs });
      assert.equal(result.portfolio.position('BTCUSDT').quantity, 0n, `${latencyMs} ms`);
      assert.equal(result.record.fills.at(-1)!.time, 9 * MINUTE_MS + latencyMs);
    }
    const thin = run(Array(9).fill(100), 'close-at-last-close', { options: { maximumVolumeShare: 0.003 } });
    assert.equal(thin.portfolio.position('BTCUSDT').quantity, 0n);
    assert.equal(thin.record.fills.filter((fill) => fill.side === 'sell').length, 4, '3 + 3 + 3 + 1');
  });

  test('of nothing is nothing', () => {
    const result = run(prices, 'close-at-last-close', {}, () => undefined);
    assert.deepEqual([...result.equity], [10_000, 10_000, 10_000]);
    assert.deepEqual(result.record.fills, []);
    assert.equal(run([], 'close-at-last-close').equity.length, 0);
  });
});

test('progress is told, to the end', () => {
  const told: number[] = [];
  const columns = CandleColumns.from(
    minutes({ BTCUSDT: Array(40_000).fill(1) }).map((one) => one.candles.get('BTCUSDT:1m')!),
    MINUTE_MS,
  );
  runBacktest({
    session: specOf({ definition: scripted(() => undefined) }),
    columns: new Map([['BTCUSDT:1m', columns]]),
    venue: venueOf(),
    onProgress: (share) => told.push(share),
  });
  assert.deepEqual(told, [16_384 / 40_000, 32_768 / 40_000, 1]);
});

test("a feed without bars is a defect of the caller, and indicators that throw are the strategy's", () => {
  const session = specOf({ definition: scripted(() => undefined) });
  assert.throws(() => runBacktest({ session, columns: new Map(), venue: venueOf() }), /No bars for a feed.*BTCUSDT:1m/);
  class Broken extends Strategy {
    override process(): undefined {}
    override indicators(): never {
      throw new Error('no line');
    }
  }
  const broken = specOf({ definition: { ...scripted(() => undefined), create: () => new Broken() } });
  const columns = new Map([['BTCUSDT:1m', new CandleColumns(0, MINUTE_MS)]]);
  assert.throws(
    () => runBacktest({ session: broken, columns, venue: venueOf(), sampleIndicators: true }),
    /could not give its indicators: no line/,
  );
});
