import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Execution } from '../../../src/domain/order.ts';
import { fromNumber, type Price } from '../../../src/foundation/fixed-point.ts';
import { expectedPrice } from '../../../src/risk/expected-price.ts';

const p = (price: number) => fromNumber<Price>(price);
const market: Execution = { type: 'market' };
const limit = (price: number): Execution => ({ type: 'limit', limitPrice: p(price), postOnly: false });
const stop = (trigger: number, at?: number): Execution => ({
  type: 'stop',
  triggerPrice: p(trigger),
  ...(at !== undefined && { limitPrice: p(at) }),
});
const take = (trigger: number, at?: number): Execution => ({
  type: 'take-profit',
  triggerPrice: p(trigger),
  ...(at !== undefined && { limitPrice: p(at) }),
});

for (const [what, side, execution, expected] of [
  ['a market order trades at the market', 'buy', market, 100],
  ['so does a trailing stop, as far as can be told', 'sell', { type: 'trailing-stop', distance: p(5) }, 100],
  ['a buy limit waits below', 'buy', limit(90), 90],
  ['and pays no more than it says above', 'buy', limit(105), 105],
  ['a sell limit waits above', 'sell', limit(110), 110],
  ['and sells at the market below', 'sell', limit(90), 100],
  ['a buy stop waits above', 'buy', stop(110), 110],
  ['and goes at once below', 'buy', stop(90), 100],
  ['with a limit it pays no more', 'buy', stop(110, 112), 112],
  ['a sell stop waits below', 'sell', stop(90), 90],
  ['and goes at once above', 'sell', stop(110), 100],
  ['a buy take-profit waits below', 'buy', take(90), 90],
  ['and goes at once above', 'buy', take(110), 100],
  ['with a limit it pays no more', 'buy', take(90, 91), 91],
  ['a sell take-profit waits above', 'sell', take(110), 110],
  ['and goes at once below', 'sell', take(90), 100],
] as const) {
  test(what, () => assert.equal(expectedPrice(side, execution, 100), expected));
}
