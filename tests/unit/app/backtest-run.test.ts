import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BacktestPlan } from '../../../src/app/backtest-plan.ts';
import { runBacktestPlan } from '../../../src/app/backtest-run.ts';
import { resolveSources } from '../../../src/app/backtest-sources.ts';
import { bundledFile, defaultCosts } from '../../../src/app/config-defaults.ts';
import { readFees } from '../../../src/app/config-values.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { fixed, type Money } from '../../../src/foundation/fixed-point.ts';
import { epochMs, HOUR_MS, MINUTE_MS } from '../../../src/foundation/time.ts';
import { defaultLimits, noLimits } from '../../../src/risk/limits.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-backtest-'));
});
after(() => rmSync(folder, { recursive: true }));

function plan(changes: Partial<BacktestPlan> = {}): BacktestPlan {
  return {
    strategy: 'moving-average-cross',
    cwd: folder,
    parameters: { fast: '10', slow: '30' },
    sources: [{ symbol: 'BTCUSDT', path: bundledFile('BTCUSDT')! }],
    timeframe: '5m',
    period: {},
    startingBalance: fixed<Money>('10000'),
    sizing: { kind: 'percent-of-equity', fraction: 0.1 },
    limits: defaultLimits,
    costs: defaultCosts,
    endOfRun: 'keep',
    ...changes,
  };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Bars of one hour with the given closes. */
function bars(
  name: string,
  closes: readonly number[],
  start = 1_700_000_000_000 - (1_700_000_000_000 % HOUR_MS),
): string {
  const rows = closes.map((close, index) => {
    const open = closes[Math.max(0, index - 1)]!;
    return [start + index * HOUR_MS, open, Math.max(open, close) + 1, Math.min(open, close) - 1, close, 100].join(',');
  });
  return file(name, `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`);
}

function refused(thrown: unknown): string {
  assert.ok(thrown instanceof UserError, String(thrown));
  return thrown.message;
}

test('five-minute bars are made of the bundled ones, and the figures come from what was booked', async () => {
  const { report, result } = await runBacktestPlan(plan());
  const { figures } = report.summary;
  assert.equal(figures.bars, 16 * 24 * 12);
  assert.equal(report.closeTimes.length, figures.bars);
  assert.ok(figures.roundTrips > 100);
  assert.equal(figures.fills, result.record.fills.length);
  assert.equal(figures.roundTrips, result.record.roundTrips.length);
  assert.equal(figures.finalPortfolioValue, result.equity.at(-1));
  assert.equal(report.indicators.length, 2);
  // The slow average is defined from its thirtieth bar on.
  assert.equal(report.indicators.find(({ name }) => name === 'slow')!.values.findIndex(Number.isFinite), 29);
  const { executed, ignored, refused: no } = report.signals;
  assert.equal(executed + ignored + no, result.record.signals.length);
  assert.equal(report.signals.refusedByCode?.TRADES_PER_DAY, no);
});

test('the same plan gives the same bits', async () => {
  const first = await runBacktestPlan(plan());
  const again = await runBacktestPlan(plan());
  assert.deepEqual(again.result.equity, first.result.equity);
  assert.deepEqual(again.result.record.fills, first.result.record.fills);
});

test('a period is cut from the bars, and what is not in it is not seen', async () => {
  const from = epochMs(Date.UTC(2025, 4, 6));
  const to = epochMs(Date.UTC(2025, 4, 7));
  const { report } = await runBacktestPlan(plan({ period: { from, to } }));
  assert.equal(report.summary.startTime, from);
  assert.equal(report.summary.endTime, to);
  assert.equal(report.closeTimes.length, 288);
  const path = bundledFile('BTCUSDT');
  await assert.rejects(runBacktestPlan(plan({ period: { to: epochMs(0) } })), (thrown) =>
    refused(thrown).startsWith(`${path} has no bar of BTCUSDT in the period`),
  );
});

test('costs and limits come from the plan', async () => {
  const fees = readFees('none');
  assert.ok(fees.ok);
  const model = { fees: fees.value, spread: { kind: 'none' }, slippage: { kind: 'none' } } as const;
  const free = await runBacktestPlan(plan({ costs: { ...defaultCosts, model }, limits: noLimits }));
  assert.equal(free.report.summary.figures.fees, 0);
  assert.equal(free.report.signals.refused, 0);
  const configuration = free.report.configuration as { limits: Record<string, unknown> };
  assert.equal(configuration.limits.maximumPositionSize, null);
});

const goog = sharedData('backtesting-py/GOOG.csv');

test('backtesting.py: GOOG with averages of 10 and 30 ends at 51,422.99 after 66 trades', {
  skip: skipUnless(goog),
}, async () => {
  const model = {
    fees: { kind: 'percent', makerRate: 0, takerRate: 0 },
    spread: { kind: 'none' },
    slippage: { kind: 'none' },
  } as const;
  const { report } = await runBacktestPlan(
    plan({
      sources: [{ symbol: 'GOOG', path: goog! }],
      timeframe: '1d',
      sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
      limits: noLimits,
      costs: { ...defaultCosts, model },
      endOfRun: 'close-at-last-open',
    }),
  );
  const { figures } = report.summary;
  assert.equal(figures.finalPortfolioValue.toFixed(2), '51422.99');
  assert.equal(figures.roundTrips, 66);
  assert.ok(Math.abs(figures.buyAndHoldReturnPercent / 522.0601851851852 - 1) < 1e-12);
  assert.equal(report.openPositions.length, 0);
});

test('several symbols end together, with a note', async () => {
  const rising = Array.from({ length: 60 }, (_, index) => 100 + index);
  const { report } = await runBacktestPlan(
    plan({
      strategy: 'momentum-rotation',
      parameters: { lookback: 5, rebalanceBars: 2 },
      sources: [
        { symbol: 'AAAUSDT', path: bars('aaa.csv', rising) },
        { symbol: 'BBBUSDT', path: bars('bbb.csv', rising.slice(0, 50)) },
      ],
      timeframe: '1h',
    }),
  );
  assert.equal(report.closeTimes.length, 50);
  assert.equal(report.candles.length, 2);
  assert.match(report.notes!.join(), /All symbols end at .* where the bars of BBBUSDT end/);
});

test('what can be wrong with a plan is said in a sentence', async () => {
  const cases: readonly (readonly [Partial<BacktestPlan>, RegExp])[] = [
    [{ strategy: 'nonsense' }, /There is no strategy "nonsense"/],
    [{ parameters: { fats: 1 } }, /no parameter "fats"\. Did you mean fast\?/],
    [{ parameters: { fast: '40', slow: '30' } }, /do not go together/],
    [{ strategy: 'momentum-rotation', parameters: {} }, /trades 2 to 50 symbols, but 1 is given/],
    [{ sources: [{ symbol: 'X', path: join(folder, 'none.csv') }] }, /none\.csv: there is no such file/],
    [
      { sources: [{ symbol: 'XUSDT', path: bars('hours.csv', [101, 102, 103]) }], timeframe: '5m' },
      /bars of 5m can't be made/,
    ],
    [{ startingBalance: fixed<Money>('0') }, /cash to begin with must be above 0/],
  ];
  for (const [changes, said] of cases) {
    await assert.rejects(runBacktestPlan(plan(changes)), (thrown) => said.test(refused(thrown)));
  }
});

test("symbols of different currencies can't share an account", async () => {
  const sources = [
    { symbol: 'AAAUSDT', path: bars('usdt.csv', [100, 101, 102]) },
    { symbol: 'BBBEUR', path: bars('eur.csv', [100, 101, 102]) },
  ];
  await assert.rejects(
    runBacktestPlan(plan({ strategy: 'momentum-rotation', parameters: {}, sources, timeframe: '1h' })),
    (thrown) => /AAAUSDT is quoted in USDT and BBBEUR in EUR/.test(refused(thrown)),
  );
});

test('a strategy of the user that throws is named with its line', async () => {
  const strategy = file(
    'throws.ts',
    `import { defineStrategy, Strategy } from 'tradewind';
class Throws extends Strategy {
  override process(market) {
    if (market.window().seen === 3) throw new Error('lost my mind');
    return undefined;
  }
}
export default defineStrategy({ name: 'throws', title: 'T', description: 'D.', parameters: {}, create: () => new Throws() });`,
  );
  await assert.rejects(runBacktestPlan(plan({ strategy, parameters: {} })), (thrown) => {
    const said = refused(thrown);
    return said.startsWith(`The strategy throws failed (${strategy}:4): `) && said.includes('lost my mind');
  });
});

test('so is one that can not be made', async () => {
  const strategy = file(
    'unborn.ts',
    `import { defineStrategy } from 'tradewind';
export default defineStrategy({ name: 'unborn', title: 'T', description: 'D.', parameters: {}, create: () => { throw new Error('no'); } });`,
  );
  await assert.rejects(runBacktestPlan(plan({ strategy, parameters: {} })), (thrown) =>
    refused(thrown).startsWith(`The strategy unborn failed (${strategy}:2): the strategy could not be created: no.`),
  );
});

test('progress goes up to its end', async () => {
  const steps: string[] = [];
  let last = 0;
  await runBacktestPlan(plan(), (step, fraction) => {
    if (steps.at(-1) !== step) steps.push(step);
    last = fraction;
  });
  assert.equal(steps.at(-1), 'trading');
  assert.equal(last, 1);
});

test('files and symbols are paired', async () => {
  const path = bars('pair.csv', [101, 102, 103]);
  const pairs = async (data: readonly string[], symbols: readonly string[]): Promise<readonly string[]> => {
    const found = await resolveSources({ data, symbols, configured: new Map([['CCC', '/c.csv']]), cwd: folder });
    return found.map((source) => `${source.symbol}=${source.path}`);
  };
  assert.deepEqual(await pairs(['A=a.csv', 'B=/b.csv'], []), [`A=${join(folder, 'a.csv')}`, 'B=/b.csv']);
  assert.deepEqual(await pairs(['A=a.csv', 'B=/b.csv'], ['B', 'A']), ['B=/b.csv', `A=${join(folder, 'a.csv')}`]);
  assert.deepEqual(await pairs(['pair.csv'], ['X']), [`X=${path}`]);
  assert.deepEqual(await pairs(['pair.csv', 'B=b'], ['B', 'X']), [`B=${join(folder, 'b')}`, `X=${path}`]);
  assert.deepEqual(await pairs([], ['CCC', 'ETHUSDT']), ['CCC=/c.csv', `ETHUSDT=${bundledFile('ETHUSDT')}`]);
  bars('ETHUSDT-1h.csv', [101, 102, 103]);
  assert.deepEqual(await pairs(['ETHUSDT-1h.csv'], []), [`ETHUSDT=${join(folder, 'ETHUSDT-1h.csv')}`]);
  for (const [data, symbols, said] of [
    [[], [], /Which market\?/],
    [[], ['DOGE'], /There are no bars of DOGE/],
    [['A=a', 'A=b'], [], /A is given twice/],
    [['A=a'], ['B'], /There is no file for B/],
    [['x', 'y'], ['B'], /2 files and 1 symbol do not pair up/],
  ] as const) {
    await assert.rejects(pairs(data, symbols), (thrown) => said.test(refused(thrown)));
  }
});

test('unsound rows are refused, or left out and counted', async () => {
  const text = 'timestamp,open,high,low,close,volume\n';
  const rows = [
    [0, 100, 101, 99, 100],
    [1, 100, 90, 99, 100],
    [2, 100, 101, 99, 100],
    [3, 100, 101, 99, 100],
  ];
  const path = file(
    'bad.csv',
    text + rows.map(([hour, ...prices]) => `${(480_000 + hour!) * HOUR_MS},${prices.join(',')},1\n`).join(''),
  );
  const sources = [{ symbol: 'BADUSDT', path }];
  await assert.rejects(runBacktestPlan(plan({ sources, timeframe: '1h' })), (thrown) => /line 3/.test(refused(thrown)));
  const { report } = await runBacktestPlan(plan({ sources, timeframe: '1h', reading: { onDefect: 'drop' } }));
  assert.equal(report.closeTimes.length, 3);
  assert.match(report.notes!.join(), /1 unsound row of BADUSDT was left out/);
});

test('a multiple of a minute is a bar in every timeframe that the file divides', async () => {
  for (const timeframe of ['1m', '3m', '15m', '1h', '4h', '1d'] as const) {
    const { report } = await runBacktestPlan(plan({ timeframe, parameters: { fast: 2, slow: 3 } }));
    const spacing = report.closeTimes[1]! - report.closeTimes[0]!;
    assert.equal(report.closeTimes.length, (16 * 24 * HOUR_MS) / spacing);
    assert.equal(spacing % MINUTE_MS, 0);
  }
});
