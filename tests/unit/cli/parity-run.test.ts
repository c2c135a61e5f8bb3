import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParityComparison } from '../../../src/app/parity-request.ts';
import { renderParity } from '../../../src/cli/parity-run.ts';
import { painter } from '../../../src/cli/terminal-text.ts';

const same: ParityComparison = {
  strategy: 'donchian-breakout',
  symbols: ['BTCUSDT'],
  way: 'in-process',
  bars: 4_608,
  compared: { signals: 10, orders: 20, fills: 1_020, equity: 4_608 },
  difference: null,
};

test('all the same', () => {
  const text = renderParity({ comparisons: [same, same], elapsedMs: 1_500 }, 100, painter(false));
  assert.match(text, /same +donchian-breakout +in-process +4,608 +10 +20 +1,020 +4,608 +BTCUSDT\n/);
  assert.match(text, /The same, bit for bit: 2 comparisons with the backtest in 1\.5 s\.$/);
});

test('the first difference is shown with both sides and its cause', () => {
  const difference = {
    what: 'fills',
    index: 4,
    expected: 'price 100.1',
    found: 'price 100.2',
    cause: 'Another seed.',
  } as const;
  const text = renderParity({ comparisons: [same, { ...same, difference }], elapsedMs: 1 }, 100, painter(false));
  assert.match(text, /differs +donchian-breakout/);
  assert.match(text, /Not the same: 1 of 2 comparisons differs from/);
  assert.match(
    text,
    /the first difference is in fills, number 5\.\n {2}backtest: price 100\.1\n {2}in-process: price 100\.2\n {2}Another seed\.$/,
  );
});
