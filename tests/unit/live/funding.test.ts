import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fixed, formatFixed, type Money } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { sharesOf } from '../../../src/live/orders/account-link.ts';
import { bench, minutes } from '../engine/scripted-strategy.ts';

describe('shares of a payment of funding', () => {
  test('add up to it, whatever the positions', () => {
    const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    fc.assert(
      fc.property(amount, fc.array(amount, { minLength: 1, maxLength: 6 }), (paid, weights) => {
        const sum = sharesOf(paid, weights).reduce((total, share) => total + share, 0n);
        assert.equal(sum, paid);
      }),
    );
  });

  test('are in the measure of the positions: who is short is paid by who is long', () => {
    assert.deepEqual(sharesOf(100n, [0n, 3n, 1n]), [0n, 75n, 25n]);
    assert.deepEqual(sharesOf(100n, [0n, 3n, -1n]), [0n, 150n, -50n]);
  });

  test('fall to nobody here where the bots hold nothing together', () => {
    assert.deepEqual(sharesOf(100n, [0n, 0n]), [100n, 0n]);
    assert.deepEqual(sharesOf(100n, [0n, 2n, -2n]), [100n, 0n, 0n]);
  });
});

describe('a payment of funding', () => {
  test('moves cash and equity and no position, and is in the state', () => {
    const run = bench((step) =>
      step === 1 ? { kind: 'enter', side: 'long', symbol: 'BTCUSDT', reason: 'in' } : undefined,
    );
    run.run(minutes({ BTCUSDT: [100, 100] }));
    const { engine } = run.session;
    const [cash, equity, position] = [engine.account.cash, engine.account.equity, engine.account.position('BTCUSDT')];
    engine.onFunding({
      paymentId: 'f1',
      botId: 'bot',
      symbol: 'BTCUSDT',
      amount: fixed<Money>('0.25'),
      currency: 'USDT',
      time: epochMs(120_000),
    });
    assert.deepEqual(
      [engine.account.cash, engine.account.equity, engine.account.position('BTCUSDT')],
      [cash - 0.25, equity - 0.25, position],
    );
    assert.equal(run.record.fundings.length, 1);
    run.restart();
    const { portfolio } = run.session.engine.account;
    assert.equal(run.session.engine.account.cash, cash - 0.25);
    assert.equal(formatFixed(portfolio.funding.get('USDT') ?? 0n), '0.25');
  });
});
