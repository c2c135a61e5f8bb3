import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuoteSignal } from '../../../src/domain/signal.ts';
import { atrColumn, trueRangeColumn } from '../../../src/indicators/atr.ts';
import { emaColumn } from '../../../src/indicators/ema.ts';
import marketMaker from '../../../src/strategy/market-maker.ts';
import { barsOfCloses, bundledBars } from './bars.ts';
import { Replay } from './replay.ts';

const bars = bundledBars('BTCUSDT');

interface Quoted {
  readonly row: number;
  readonly quote: QuoteSignal;
  /** Before the quote. */
  readonly position: number;
  readonly equity: number;
}

function run(parameters: Readonly<Record<string, unknown>>, columns = bars): readonly Quoted[] {
  const replay = new Replay(marketMaker, parameters, { BTCUSDT: [columns] });
  const quoted: Quoted[] = [];
  for (let row = 0; replay.step(); row += 1) {
    const latest = replay.decided.at(-1);
    if (latest?.time !== replay.market.time) continue;
    assert.ok(latest.signal.kind === 'quote');
    const { account } = replay;
    quoted.push({ row, quote: latest.signal, position: account.position('BTCUSDT'), equity: account.equity });
  }
  return quoted;
}

test('quotes lie a half-spread from the fair price, leaning against the inventory', () => {
  const fair = emaColumn(bars.close, 3);
  const atr = atrColumn(bars, 30);
  const quoted = run({ spreadAtr: 1.5, skew: 0.8, pauseAtr: 0 });
  assert.ok(quoted.length > 1_000);
  for (const { row, quote, position, equity } of quoted) {
    const close = bars.close[row]!;
    const halfSpread = Math.max(1.5 * atr[row]!, 0.0005 * close);
    const most = (0.25 * equity) / close;
    const lean = Math.max(-1, Math.min(1, position / most)) * 0.8 * halfSpread;
    const near = (found: number | undefined, expected: number) =>
      found === undefined || Math.abs(found - expected) < 1e-6 * expected;
    assert.ok(near(quote.bidPrice, Math.min(fair[row]! - lean - halfSpread, close)), quote.reason);
    assert.ok(near(quote.askPrice, Math.max(fair[row]! - lean + halfSpread, close)), quote.reason);
    assert.ok(near(quote.quantity, (0.05 * equity) / close), quote.reason);
  }
});

test('a side that would pass the most inventory is withdrawn, so that it is never passed', () => {
  const quoted = run({ quoteShare: 0.1, maximumInventory: 0.2, skew: 0 });
  let withdrawn = 0;
  for (const { row, quote, position, equity } of quoted) {
    const most = (0.2 * equity) / bars.close[row]!;
    if (quote.bidPrice !== undefined) assert.ok(position + quote.quantity <= most * 1.000001);
    if (quote.askPrice !== undefined) assert.ok(position - quote.quantity >= -most * 1.000001);
    if ((quote.bidPrice === undefined) !== (quote.askPrice === undefined)) withdrawn += 1;
  }
  assert.ok(withdrawn > 100, `${withdrawn}`);
});

test('long-only never offers what it does not hold', () => {
  const quoted = run({ direction: 'long-only' });
  assert.ok(quoted.some(({ quote }) => quote.askPrice !== undefined));
  for (const { quote, position } of quoted) {
    if (quote.askPrice !== undefined) assert.ok(position >= quote.quantity);
  }
});

test('the inventory skew keeps the inventory smaller', () => {
  const meanInventory = (skew: number) => {
    const quoted = run({ skew });
    return quoted.reduce((sum, { position }) => sum + Math.abs(position), 0) / quoted.length;
  };
  assert.ok(meanInventory(2) < 0.8 * meanInventory(0));
});

test('leaves its quotes in place while they are near enough', () => {
  const count = (requoteShare: number) => run({ requoteShare, refreshBars: 100_000 }).length;
  const [always, sometimes, seldom] = [count(0), count(0.25), count(2)];
  assert.ok(always > sometimes && sometimes > 1.5 * seldom, `${always} ${sometimes} ${seldom}`);
});

test('renews its quotes in a still market, and only then', () => {
  const still = barsOfCloses(new Array<number>(200).fill(100));
  const rows = run({ atrPeriod: 5, refreshBars: 40 }, still).map(({ row }) => row);
  assert.deepEqual(rows, [5, 45, 85, 125, 165]);
});

test('withdraws both quotes after a bar of extraordinary range, once', () => {
  const range = trueRangeColumn(bars);
  const atr = atrColumn(bars, 30);
  const without = run({ pauseAtr: 4 }).filter(
    ({ quote }) => quote.bidPrice === undefined && quote.askPrice === undefined,
  );
  assert.ok(without.length > 20, `${without.length}`);
  for (const { row, quote } of without) {
    assert.ok(range[row]! > 4 * atr[row - 1]!);
    assert.ok(quote.quantity > 0);
    assert.match(quote.reason, /range .* is \d+\.\d times the usual: wait/);
  }
});
