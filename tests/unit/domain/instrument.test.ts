import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filterBreach, instrument, snapPrice, snapQuantity } from '../../../src/domain/instrument.ts';
import { fixed, formatFixed, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';

const terms = { symbol: 'X', baseCurrency: 'X', quoteCurrency: 'USD', tickSize: '0.05', stepSize: '0.01' };
const X = instrument({ ...terms, minimumQuantity: '0.1', maximumQuantity: '100', minimumNotional: '10' });
const breach = (quantity: string, price: string | undefined, reference = '100') =>
  filterBreach(
    X,
    fixed<Quantity>(quantity),
    price === undefined ? undefined : fixed<Price>(price),
    fixed<Price>(reference),
  );

describe('an instrument', () => {
  test('snaps prices to its tick, the way it is told', () => {
    const snapped = (price: number) =>
      (['down', 'nearest', 'up'] as const).map((way) => formatFixed(snapPrice(X, price, way)));
    assert.deepEqual(snapped(10.02), ['10', '10', '10.05']);
    assert.deepEqual(snapped(10.03), ['10', '10.05', '10.05']);
    assert.deepEqual(snapped(10.05), ['10.05', '10.05', '10.05']);
    assert.deepEqual(snapped(0.1 + 0.2), ['0.3', '0.3', '0.3'], 'the decimal that the number stands for');
  });

  test('cuts quantities to its step, never up', () => {
    assert.equal(formatFixed(snapQuantity(X, 1.239)), '1.23');
    assert.equal(formatFixed(snapQuantity(X, 0.009)), '0');
    assert.equal(formatFixed(snapQuantity(X, 0.3 / 0.1)), '3', 'not 2.99 of 2.9999999999999996');
  });

  test('says which filter an order breaks, with the numbers', () => {
    assert.equal(breach('1', '100'), undefined);
    assert.equal(breach('1', undefined), undefined);
    assert.deepEqual(breach('1', '100.02'), { code: 'PRICE_TICK', value: 100.02, limit: 0.05 });
    assert.equal(breach('1', '0')!.code, 'PRICE_TICK');
    assert.equal(breach('1', '-5')!.code, 'PRICE_TICK');
    assert.deepEqual(breach('1.005', '100'), { code: 'QUANTITY_STEP', value: 1.005, limit: 0.01 });
    assert.deepEqual(breach('0.09', '1000'), { code: 'QUANTITY_MINIMUM', value: 0.09, limit: 0.1 });
    assert.equal(breach('0', '100')!.code, 'QUANTITY_MINIMUM');
    assert.equal(breach('-1', '100')!.code, 'QUANTITY_MINIMUM');
    assert.deepEqual(breach('100.01', '100'), { code: 'QUANTITY_MAXIMUM', value: 100.01, limit: 100 });
    assert.deepEqual(breach('0.1', '99.95'), { code: 'NOTIONAL_MINIMUM', value: 9.995, limit: 10 });
    assert.deepEqual(breach('0.1', undefined, '99'), { code: 'NOTIONAL_MINIMUM', value: 9.9, limit: 10 });
    assert.equal(breach('0.1', '100'), undefined, 'just enough');
  });

  test('of nothing is nothing, whatever its least quantity', () => {
    const any = instrument({ ...terms, minimumQuantity: '0' });
    assert.equal(filterBreach(any, 0n as Quantity, undefined, fixed<Price>('1'))!.code, 'QUANTITY_MINIMUM');
  });

  test('has a tick and a step above zero', () => {
    assert.throws(() => instrument({ ...terms, tickSize: '0' }), /positive/);
    assert.throws(() => instrument({ ...terms, stepSize: '-1' }), /positive/);
    assert.throws(() => instrument({ ...terms, stepSize: '1e-3' }), /plain decimal/);
    assert.equal(instrument(terms).shortable, true);
    assert.equal(formatFixed(instrument(terms).minimumQuantity), '0.01', 'one step');
  });
});
