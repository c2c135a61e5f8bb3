import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrategyFailure } from '../../../src/engine/engine.ts';
import { formatFixed } from '../../../src/foundation/fixed-point.ts';
import { DAY_MS, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { noLimits } from '../../../src/risk/limits.ts';
import { bench, type Minute, minutes, type Script } from './scripted-strategy.ts';
import { perpetual, type SessionBench } from './session-bench.ts';

const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';

/** Says the signals of a list of `[step, signal]`, and nothing else. */
function says(...signals: readonly (readonly [number, unknown])[]): Script {
  return (step) => signals.filter(([at]) => at === step).map(([, signal]) => signal);
}

const enter = (extra: object = {}, symbol = BTC) => ({ kind: 'enter', side: 'long', symbol, reason: 'in', ...extra });
const exit = (symbol = BTC) => ({ kind: 'exit', symbol, reason: 'out' });
const order = (extra: object) => ({
  kind: 'order',
  symbol: BTC,
  reason: 'one order',
  side: 'buy',
  quantity: 1,
  type: 'market',
  ...extra,
});

/** `buy 1 @ 100`. */
function fills({ record }: SessionBench): string[] {
  return record.fills.map((fill) => `${fill.side} ${formatFixed(fill.quantity)} @ ${formatFixed(fill.price)}`);
}

function outcomes({ record }: SessionBench): string[] {
  return record.signals.map(({ outcome }) => {
    if (outcome.kind === 'executed') return `executed ${outcome.clientOrderIds.length}`;
    if (outcome.kind === 'ignored') return `ignored: ${outcome.why}`;
    return `${outcome.code}${outcome.clientOrderIds ? ` after ${outcome.clientOrderIds.length}` : ''}: ${outcome.message}`;
  });
}

/** What became of each order: `buy market filled`. */
function ends({ record }: SessionBench): string[] {
  return record.intents.map((terms) => {
    const last = record.orderEvents.filter((event) => event.clientOrderId === terms.clientOrderId).at(-1)!;
    return `${terms.side} ${terms.execution.type} ${last.kind}`;
  });
}

const btc = (...prices: (Minute | undefined)[]) => minutes({ [BTC]: prices });

describe('decisions', () => {
  test('are made on the close and fill at the next open', () => {
    const run = bench(says([1, enter()], [3, exit()])).run(btc(100, 101, 102, [103, 104, 99, 99]));
    assert.deepEqual(fills(run), ['buy 10 @ 101', 'sell 10 @ 103']);
    assert.deepEqual(run.equity, [10_000, 10_000, 10_010, 10_020]);
    assert.deepEqual(
      run.record.signals.map(({ price, priceAgeMs, priceSource, decisionTime }) => [
        price,
        priceAgeMs,
        priceSource,
        decisionTime,
      ]),
      [
        [100, 0, 'candle:BTCUSDT:1m', MINUTE_MS],
        [102, 0, 'candle:BTCUSDT:1m', 3 * MINUTE_MS],
      ],
    );
  });

  test('turn a position round in one instant: the exit and the entry fill at the same open', () => {
    const run = bench(says([1, enter()], [2, enter({ side: 'short' })])).run(btc(100, 100, 120, 110));
    assert.deepEqual(fills(run), ['buy 10 @ 100', 'sell 10 @ 120', 'sell 10 @ 120']);
    assert.deepEqual(run.equity, [10_000, 10_000, 10_200, 10_300]);
  });

  test('in the same instant do not overlook one another: the second entry sees the first', () => {
    const run = bench(says([1, enter()], [1, enter()])).run(btc(100, 100));
    assert.deepEqual(outcomes(run), ['executed 1', 'ignored: an order to go long is working']);
  });

  test('that are one object, changed and given again, are recorded as they were', () => {
    const reused = { kind: 'target', symbol: BTC, reason: 'r', weight: 0.05 };
    const run = bench((step) => Object.assign(reused, { weight: step / 100, reason: `step ${step}` })).run(
      btc(100, 100, 100),
    );
    assert.deepEqual(
      run.record.signals.map(({ signal }) => signal),
      [
        { kind: 'target', symbol: BTC, reason: 'step 1', weight: 0.01 },
        { kind: 'target', symbol: BTC, reason: 'step 2', weight: 0.02 },
        { kind: 'target', symbol: BTC, reason: 'step 3', weight: 0.03 },
      ],
    );
  });
});

describe('protection', () => {
  const protectedEntry = (symbol = BTC) => enter({ stopLoss: 90, takeProfit: 120 }, symbol);

  test('excludes its own other half only: two symbols that enter at once keep each its own', () => {
    const run = bench(says([1, protectedEntry()], [1, protectedEntry(ETH)]), { symbols: [BTC, ETH] }).run(
      minutes({ [BTC]: [100, 100, [100, 100, 85, 85], 85, 85], [ETH]: [100, 100, 100, 100, [100, 125, 100, 125]] }),
    );
    assert.deepEqual(ends(run), [
      'buy market filled',
      'sell stop filled',
      'sell take-profit cancelled',
      'buy market filled',
      'sell stop cancelled',
      'sell take-profit filled',
    ]);
  });

  test('goes with its position: an exit takes it back', () => {
    const run = bench(says([1, protectedEntry()], [3, exit()])).run(btc(100, 100, 100, 100, 80));
    assert.deepEqual(ends(run), [
      'buy market filled',
      'sell stop cancelled',
      'sell take-profit cancelled',
      'sell market filled',
    ]);
    assert.equal(run.session.engine.orders.count, 0);
  });

  test('may lie beyond the price collar, and its entry goes with it', () => {
    const run = bench(says([1, enter({ stopLoss: 80, takeProfit: 150 })])).run(btc(100, 100));
    assert.deepEqual(outcomes(run), ['executed 3']);
  });

  test('that would be refused keeps its entry back, and lets the exit of a turn go', () => {
    // A stop below the smallest price there is.
    const script = says([1, enter({ side: 'short' })], [3, enter({ stopLoss: 0.004 })]);
    const run = bench(script).run(btc(100, 100, 100, 100));
    assert.match(outcomes(run)[1]!, /^FILTER_PRICE_TICK after 1: /);
    assert.deepEqual(fills(run), ['sell 10 @ 100', 'buy 10 @ 100']);
  });

  test('is not lost to the limit on open orders', () => {
    const run = bench(says([1, protectedEntry()]), { limits: { maximumOpenOrders: 1 } }).run(btc(100, 100));
    assert.deepEqual(outcomes(run), ['executed 3']);
  });
});

describe('orders in flight', () => {
  test('an exit that is slow to arrive is not sent anew at each bar, which would put it off for ever', () => {
    const script: Script = (step, market) => (step === 1 ? enter() : market.position() > 0 ? exit() : undefined);
    const run = bench(script, {}, { latencyMs: 90_000 }).run(btc(...Array(8).fill(100)));
    assert.deepEqual(ends(run), ['buy market filled', 'sell market filled']);
    assert.ok(outcomes(run).includes('ignored: an order to close the position is working'));
  });

  test('a target that is slow to arrive is waited for', () => {
    const run = bench(
      () => ({ kind: 'target', symbol: BTC, weight: 0.1, reason: 'hold' }),
      {},
      { latencyMs: 90_000 },
    ).run(btc(...Array(6).fill(100)));
    assert.deepEqual(fills(run), ['buy 10 @ 100']);
  });

  test('an order that is cancelled in the flush in which it ends is no trouble', () => {
    // The second signal cancels what the first one's group takes with it.
    const script = says(
      [1, order({ type: 'limit', limitPrice: 95, oneCancelsOther: 'pair' })],
      [1, order({ type: 'limit', limitPrice: 94, oneCancelsOther: 'pair' })],
      [2, exit()],
      [2, enter()],
    );
    const run = bench(script).run(btc(100, [100, 100, 94.5, 94.5], 95));
    assert.deepEqual(ends(run).slice(0, 2), ['buy limit filled', 'buy limit cancelled']);
    assert.equal(run.session.engine.orders.count, 0);
  });

  test('groups are of one decision: the same name later is another group', () => {
    const script = says(
      [1, order({ type: 'limit', limitPrice: 95, oneCancelsOther: 'pair' })],
      [2, order({ type: 'limit', limitPrice: 94, oneCancelsOther: 'pair' })],
    );
    const run = bench(script, { limits: noLimits }).run(btc(100, 100, [100, 100, 94.5, 94.5], [94.5, 95, 93, 94]));
    assert.deepEqual(ends(run), ['buy limit filled', 'buy limit filled']);
  });

  test('exposure counts what works: two halves are one whole', () => {
    const half = order({ type: 'limit', limitPrice: 100, quantity: 6 });
    const run = bench(says([1, half], [1, half]), { limits: { priceCollar: 1 } }).run(btc(100, 101));
    assert.match(outcomes(run)[1]!, /^POSITION_SIZE: the position would be 12.00 % of equity/);
  });

  test('an exit that waits for its price does not make room for an entry on its side', () => {
    const script = says(
      [1, enter()],
      [2, order({ side: 'sell', type: 'limit', limitPrice: 105, quantity: 10, reduceOnly: true })],
      // If the exit came first, this would be a short of 15.
      [2, order({ side: 'sell', quantity: 15 })],
      [2, order({ side: 'sell', quantity: 10 })],
    );
    const run = bench(script).run(btc(100, 100, 100, 100));
    assert.deepEqual(
      outcomes(run).map((one) => one.split(':')[0]),
      ['executed 1', 'executed 1', 'POSITION_SIZE', 'executed 1'],
    );
  });
});

describe('garbage', () => {
  const rubbish: readonly unknown[] = [
    5,
    'buy',
    Symbol('x'),
    () => 1,
    {},
    { kind: 'enter' },
    { kind: 'enter', symbol: BTC },
    { kind: 'enter', symbol: BTC, reason: '' },
    { kind: 'enter', symbol: 'DOGE', side: 'long', reason: 'r' },
    { kind: 'enter', symbol: BTC, side: 'up', reason: 'r' },
    { kind: 'toString', symbol: BTC, reason: 'r' },
    { kind: '__proto__', symbol: BTC, reason: 'r' },
    { kind: ['enter'], symbol: BTC, reason: 'r', side: 'long' },
    enter({ strength: Number.NaN }),
    enter({ strength: '1' }),
    enter({ strength: 2 }),
    enter({ stopLoss: Number.NaN }),
    enter({ stopLoss: -1 }),
    enter({ limitPrice: null }),
    enter({ limitPrice: Number.POSITIVE_INFINITY }),
    enter({ takeProfit: 10n }),
    { kind: 'target', symbol: BTC, reason: 'r' },
    { kind: 'target', symbol: BTC, reason: 'r', weight: 1.01 },
    { kind: 'target', symbol: BTC, reason: 'r', weight: [0.5] },
    { kind: 'quote', symbol: BTC, reason: 'r', quantity: Number.NaN, bidPrice: 99 },
    { kind: 'quote', symbol: BTC, reason: 'r', quantity: 1, bidPrice: 101, askPrice: 99 },
    order({ type: 'magic' }),
    order({ type: undefined }),
    order({ quantity: 0 }),
    order({ quantity: -1 }),
    order({ timeInForce: 'DAY' }),
    order({ expiresAt: Number.NaN }),
    order({ expiresAt: 1.5 }),
    order({ reduceOnly: 1 }),
    order({ postOnly: 'yes' }),
    order({ oneCancelsOther: {} }),
    order({ oneCancelsOther: 'x'.repeat(65) }),
    Promise.resolve(enter()),
    new Map(),
  ];

  for (const [index, signal] of rubbish.entries()) {
    test(`is refused, recorded and forgotten (${index})`, () => {
      const run = bench((step) => (step === 1 ? [signal, exit()] : undefined)).run(btc(100, 100));
      assert.match(outcomes(run)[0]!, /^(BAD_SIGNAL|NOT_A_NUMBER): \S/);
      assert.equal(outcomes(run)[1], 'ignored: there is no position to close', 'the next signal is heard');
      assert.deepEqual(run.record.intents, []);
      // It can be stored: only numbers that JSON carries.
      assert.deepEqual(JSON.parse(JSON.stringify(run.record.signals)), run.record.signals);
    });
  }

  test('beyond all bounds comes to an order that a limit or a filter stops, or is cut', () => {
    const huge: readonly unknown[] = [
      order({ quantity: 1e300 }),
      order({ quantity: 1e300, type: 'limit', limitPrice: 1e300 }),
      order({ quantity: 1e-300 }),
      order({ type: 'stop', triggerPrice: 1e-300 }),
      order({ type: 'trailing-stop', trailingDistance: 1e300 }),
      enter({ stopLoss: 1e-300 }),
      enter({ limitPrice: 1e-300 }),
      enter({ side: 'short', stopLoss: 1e300 }),
      { kind: 'quote', symbol: BTC, reason: 'r', quantity: 1e300, bidPrice: 1e-300, askPrice: 1e300 },
      { kind: 'target', symbol: BTC, reason: 'r', weight: -1 },
    ];
    for (const limits of [noLimits, {}]) {
      for (const signal of huge) {
        const run = bench((step) => (step === 1 ? signal : undefined), { limits }).run(btc(100, 100, 100));
        assert.equal(run.record.signals.length, 1);
        assert.ok(run.equity.every(Number.isFinite));
      }
    }
  });

  test('that carries a world with it is recorded without it', () => {
    const heavy = { ...enter(), world: Array(1e5).fill('x'), big: 10n, self: {} as unknown, reason: 'y'.repeat(1e6) };
    heavy.self = heavy;
    const run = bench(says([1, heavy])).run(btc(100, 100));
    assert.ok(JSON.stringify(run.record.signals).length < 2_000);
    assert.equal(run.record.fills.length, 1);
  });

  test('in a flood is a failure of the strategy', () => {
    const flood = bench(() => Array(501).fill(exit()));
    assert.throws(
      () => flood.run(btc(100)),
      (thrown) => thrown instanceof StrategyFailure && /501 signals at once/.test(thrown.message),
    );
  });

  test('that throws when it is read is a failure of the strategy', () => {
    const trap = bench(() => ({
      get kind() {
        throw new Error('gotcha');
      },
    }));
    assert.throws(
      () => trap.run(btc(100)),
      (thrown) => thrown instanceof StrategyFailure && /gotcha/.test(thrown.message),
    );
  });
});

describe('a strategy that throws', () => {
  test('says when, and with what', () => {
    const run = bench((step) => {
      if (step === 2) throw new TypeError('no such thing');
      return undefined;
    });
    assert.throws(
      () => run.run(btc(100, 100)),
      (thrown) => {
        assert.ok(thrown instanceof StrategyFailure);
        assert.equal(thrown.message, 'the strategy threw at 1970-01-01T00:02:00.000Z: no such thing');
        return thrown.cause instanceof TypeError;
      },
    );
  });

  test('whatever it throws', () => {
    for (const thrown of [undefined, null, 'text', 5, { a: 1 }])
      assert.throws(
        () =>
          bench(() => {
            throw thrown;
          }).run(btc(100)),
        StrategyFailure,
      );
  });

  test('leaves a session that can take back its orders and be saved', () => {
    const run = bench((step) => {
      if (step === 1) return enter({ limitPrice: 95 });
      throw new Error('over');
    });
    assert.throws(() => run.run(btc(100, 100)), StrategyFailure);
    run.session.withdrawOrders(epochMs(2 * MINUTE_MS));
    assert.deepEqual(ends(run), ['buy limit cancelled']);
    run.restart();
    assert.equal(run.session.engine.orders.count, 0);
  });
});

describe('what a strategy can see', () => {
  test('nothing before the first bar, and no more than it declared', () => {
    const seen: unknown[] = [];
    const script: Script = (_, market) => {
      const window = market.window();
      seen.push([
        window.length,
        window.seen,
        window.close(),
        ...(window.length > 1 ? [window.close(window.length - 1)] : []),
      ]);
      return undefined;
    };
    bench(script, { lookback: 3 }).run(btc(1, 2, 3, 4, 5));
    assert.deepEqual(seen, [
      [1, 1, 1],
      [2, 2, 2, 1],
      [3, 3, 3, 1],
      [3, 4, 4, 2],
      [3, 5, 5, 3],
    ]);
  });

  for (const ago of [2, 3, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`a bar ${ago} ago, of a window of two, throws`, () => {
      const run = bench((step, market) => (step === 3 ? market.window().close(ago) && undefined : undefined), {
        lookback: 2,
      });
      assert.throws(
        () => run.run(btc(1, 2, 3)),
        (thrown) => thrown instanceof StrategyFailure && /can see 2/.test(thrown.message),
      );
    });
  }

  test('only the feeds that it declared', () => {
    assert.throws(
      () => bench((_, market) => void market.window(ETH)).run(btc(1)),
      /did not declare \(it has BTCUSDT:1m\)/,
    );
  });

  test('what has just closed, of several timeframes', () => {
    const seen: string[] = [];
    const script: Script = (step, market) => {
      const [one, five] = [market.window(), market.window(BTC, '5m')];
      seen.push(
        `${step}: ${market.isNew(one) ? one.close() : '-'} ${market.isNew(five) ? five.close() : '-'} ${five.length}`,
      );
      return undefined;
    };
    const feeds = () =>
      [
        { symbol: BTC, timeframe: '1m' },
        { symbol: BTC, timeframe: '5m' },
      ] as const;
    const run = bench(script, { feeds });
    const instants = btc(1, 2, 3, 4, 5, 6);
    const fives = instants[4]!.candles as Map<string, unknown>;
    fives.set('BTCUSDT:5m', {
      openTime: epochMs(0),
      closeTime: epochMs(5 * MINUTE_MS),
      open: 1,
      high: 5,
      low: 1,
      close: 5,
      volume: 5,
    });
    run.run(instants);
    assert.deepEqual(seen, ['1: 1 - 0', '2: 2 - 0', '3: 3 - 0', '4: 4 - 0', '5: 5 5 1', '6: 6 - 1']);
    run.restart();
    assert.deepEqual(
      run.windows.map((window) => [window.length, window.seen]),
      [
        [1, 6],
        [1, 1],
      ],
    );
  });

  test('a symbol that has no price yet: nothing can be traded there, and nothing breaks', () => {
    const signals = [
      enter({}, ETH),
      exit(ETH),
      { kind: 'target', symbol: ETH, weight: 0.1, reason: 'r' },
      { kind: 'quote', symbol: ETH, bidPrice: 1, quantity: 1, reason: 'r' },
      { ...order({}), symbol: ETH },
    ];
    const run = bench((step) => (step === 1 ? signals : undefined), { symbols: [BTC, ETH] });
    run.run(minutes({ [BTC]: [100, 100, 100], [ETH]: [undefined, undefined, 50] }));
    assert.deepEqual(outcomes(run), Array(5).fill('NOT_A_NUMBER: ETHUSDT has no price yet'));
    assert.deepEqual(run.equity, [10_000, 10_000, 10_000]);
    for (const { price, priceSource, priceAgeMs } of run.record.signals)
      assert.deepEqual([price, priceSource, priceAgeMs], [0, 'none', 0]);
  });

  test('a halted symbol keeps its last price, and says how old it is', () => {
    const run = bench(says([4, enter({}, ETH)]), { symbols: [BTC, ETH] });
    run.run(minutes({ [BTC]: [100, 100, 100, 100, 100], [ETH]: [50, 50, undefined, undefined, 60] }));
    const [record] = run.record.signals;
    assert.deepEqual(
      [record!.price, record!.priceAgeMs, record!.priceSource],
      [50, 2 * MINUTE_MS, 'candle:ETHUSDT:1m'],
    );
    assert.deepEqual(fills(run), ['buy 20 @ 60']);
  });
});

describe('the daily loss limit', () => {
  const limits = { dailyLossLimit: 50, maximumPositionSize: 0.2, maximumRiskPerTrade: 0.05 };
  /** A day's last minutes and the next day's first. */
  const overnight = (...prices: (Minute | undefined)[]) => minutes({ [BTC]: prices }, DAY_MS - 5 * MINUTE_MS);

  test('stops entries until the next UTC day, lets exits pass, and takes working entries back', () => {
    const script = says(
      [1, enter()],
      [2, order({ type: 'limit', limitPrice: 90, quantity: 1 })],
      [3, order({ quantity: 1 })],
      [4, exit()],
      [5, enter()],
    );
    // 10 bought at 100; at 94 the day has lost 60. The fifth bar closes at midnight: a new day.
    const run = bench(script, { limits }).run(overnight(100, 100, 94, [94, 94, 89, 89], 89, 89));
    assert.deepEqual(run.record.lossLimits, [{ time: DAY_MS - 2 * MINUTE_MS, equity: 9_940 }]);
    assert.deepEqual(
      outcomes(run).map((one) => one.split(';')[0]),
      [
        'executed 1',
        'executed 1',
        "DAILY_LOSS_LIMIT: the day's loss stopped entries until 1970-01-02T00:00:00.000Z",
        'executed 1',
        'executed 1',
      ],
    );
    assert.deepEqual(ends(run).slice(0, 3), ['buy market filled', 'buy limit cancelled', 'sell market filled']);
    assert.equal(run.record.fills.at(-1)!.side, 'buy', 'the new day trades again');
  });

  test('is the same after a restart in the middle', () => {
    const script: Script = (step) => (step === 1 ? enter() : step > 3 ? [exit(), order({ quantity: 0.1 })] : undefined);
    const instants = overnight(100, 100, 94, 94, 94, 94, 94);
    const whole = bench(script, { limits }).run(instants);
    for (let at = 0; at < instants.length; at++) {
      const restarted = bench(script, { limits });
      for (const [index, instant] of instants.entries()) {
        restarted.step(instant);
        if (index === at) restarted.restart();
      }
      assert.deepEqual(outcomes(restarted), outcomes(whole));
    }
  });

  test('counts from the equity of the first instant of the day', () => {
    const run = bench(says([1, enter()]), { limits }).run(overnight(100, 100, 96, 96, 96, 96, 92, 90, 90));
    // 40 lost on the first day, 60 on the second: told when 50 are passed.
    assert.deepEqual(
      run.record.lossLimits.map(({ time, equity }) => [time - DAY_MS, equity]),
      [[3 * MINUTE_MS, 9_900]],
    );
  });
});

describe('limits over time and over symbols', () => {
  test('so many trades a day: exits and protection are none', () => {
    const script: Script = (step, market) =>
      market.position() === 0 ? enter({ stopLoss: 90 }) : step % 2 === 0 ? exit() : undefined;
    const run = bench(script, { limits: { maximumTradesPerDay: 2 } }).run(btc(...Array(12).fill(100)));
    const said = outcomes(run);
    assert.equal(said.filter((one) => one === 'executed 2').length, 2, 'entries with their stop');
    assert.ok(said.some((one) => one.startsWith('TRADES_PER_DAY: entries in one UTC day; the limit is 2')));
  });

  test('a quote counts as a trade when it fills, and the side that reduces stays open', () => {
    const script: Script = () => ({
      kind: 'quote',
      symbol: BTC,
      bidPrice: 99,
      askPrice: 101,
      quantity: 1,
      reason: 'q',
    });
    const swings: Minute[] = [
      100,
      [100, 100, 98, 100],
      [100, 100, 98, 100],
      [100, 102, 100, 100],
      [100, 102, 100, 100],
      [100, 102, 98, 100],
    ];
    const run = bench(script, { limits: { maximumTradesPerDay: 2 } }).run(btc(...swings));
    assert.deepEqual(fills(run), ['buy 1 @ 99', 'buy 1 @ 99', 'sell 1 @ 101', 'sell 1 @ 101']);
  });

  test('the cash reserve is kept over all symbols together', () => {
    const limits = { maximumPositionSize: 0.5, maximumRiskPerTrade: 1, minimumCashReserve: 0.2 };
    const target = (symbol: string, weight: number) => ({ kind: 'target', symbol, weight, reason: 'hold' });
    const run = bench(says([1, target(BTC, 0.5)], [1, target(ETH, 0.4)], [1, target(ETH, 0.3)]), {
      symbols: [BTC, ETH],
      limits,
    }).run(minutes({ [BTC]: [100, 100], [ETH]: [100, 100] }));
    assert.deepEqual(outcomes(run), [
      'executed 1',
      'CASH_RESERVE: all positions together would be 90.00 % of equity; the limit is 0.8',
      'executed 1',
    ]);
    assert.deepEqual(fills(run), ['buy 50 @ 100', 'buy 30 @ 100']);
  });

  test('a flood of orders trips the rate, and the way out stays open', () => {
    const many: Script = (step) => (step === 1 ? [...Array(9).fill(order({ quantity: 0.1 }))] : exit());
    const run = bench(many, { limits: { maximumOrdersPerMinute: 5 } }).run(btc(100, 100, 100));
    assert.deepEqual(
      outcomes(run)
        .slice(0, 9)
        .map((one) => one.split(':')[0]),
      [...Array(5).fill('executed 1'), ...Array(4).fill('ORDER_RATE')],
    );
    assert.equal(run.session.engine.account.position(BTC), 0);
  });

  test('an operator can flatten whatever the limits say', () => {
    const limits = {
      maximumOrdersPerMinute: 1,
      maximumOpenOrders: 1,
      maximumOrderValue: 1_000,
      maximumPositionSize: 0.2,
    };
    const run = bench(says([1, enter()], [2, order({ type: 'limit', limitPrice: 95, quantity: 0.1 })]), { limits });
    const instants = btc(100, 100, 120);
    run.step(instants[0]!);
    run.step(instants[1]!);
    run.session.engine.gate.halt('stopped by a person');
    run.session.flatten(instants[1]!.time, 'stopped by a person');
    run.step(instants[2]!);
    assert.deepEqual(ends(run), ['buy market filled', 'buy limit cancelled', 'sell market filled']);
  });

  test('an exit larger than the venue takes in one order leaves in parts', () => {
    const btcMarket = { ...perpetual(BTC), maximumQuantity: 3_000_000_000_000n as never };
    const script: Script = (step) => (step <= 3 ? order({ quantity: 3 }) : step === 5 ? exit() : undefined);
    const run = bench(script, { instruments: [btcMarket] }).run(btc(...Array(7).fill(100)));
    assert.deepEqual(fills(run).slice(3), ['sell 3 @ 100', 'sell 3 @ 100', 'sell 3 @ 100']);
  });
});

describe('quotes', () => {
  const quote = (bidPrice: number, askPrice: number) => ({
    kind: 'quote',
    symbol: BTC,
    bidPrice,
    askPrice,
    quantity: 1,
    reason: 'q',
  });

  test('replace those before at every bar, and none is left behind', () => {
    const run = bench((_, market) => quote(market.window().close() - 5, market.window().close() + 5)).run(
      btc(100, 101, 102, [103, 109, 103, 104], [104, 104, 98, 100]),
    );
    assert.equal(run.session.engine.orders.count, 2);
    assert.deepEqual(fills(run), ['sell 1 @ 107', 'buy 1 @ 99']);
    assert.equal(run.record.intents.length, 10);
    assert.equal(run.record.orderEvents.filter((event) => event.kind === 'cancelled').length, 6);
  });

  test('that would take are refused by the venue, and the next ones go on', () => {
    const run = bench((step) => quote(step === 1 ? 105 : 95, 110)).run(btc(104, 100, 100, [100, 100, 94, 94]));
    assert.ok(
      run.record.orderEvents.some((event) => event.kind === 'rejected' && event.code === 'POST_ONLY_WOULD_TAKE'),
    );
    assert.deepEqual(fills(run), ['buy 1 @ 95']);
  });
});

describe('ids', () => {
  test("are the same in every run, unique, and no longer than venues take, however long the bot's own id is", () => {
    const script = says([1, enter({ stopLoss: 90 })], [2, exit()], [3, enter({ side: 'short' })]);
    const prefixes = new Set<string>();
    for (const botId of [
      'b',
      'bot-1',
      'x'.repeat(22),
      'x'.repeat(23),
      'x'.repeat(24),
      `${'x'.repeat(100)}1`,
      `${'x'.repeat(100)}2`,
      'ein Bär/№1',
      '',
    ]) {
      const at = 2_524_608_000_000; // 2050
      const runs = [1, 2].map(() => bench(script, { botId }).run(minutes({ [BTC]: [100, 100, 100, 100] }, at)));
      const ids = runs[0]!.record.intents.flatMap((terms) => [terms.clientOrderId, terms.signalId]);
      assert.deepEqual(
        ids,
        runs[1]!.record.intents.flatMap((terms) => [terms.clientOrderId, terms.signalId]),
      );
      for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,36}$/);
      const orderIds = runs[0]!.record.intents.map((terms) => terms.clientOrderId);
      assert.equal(new Set(orderIds).size, orderIds.length);
      assert.equal(runs[0]!.record.intents[0]!.botId, botId);
      prefixes.add(orderIds[0]!);
    }
    assert.equal(prefixes.size, 9, 'two bots never share an id');
  });
});
