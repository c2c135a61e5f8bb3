import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixed, type Price } from '../../../src/foundation/fixed-point.ts';
import { wireFill, wireOrder, wireOrderEvent, wirePortfolio } from '../../../src/protocol/wire.ts';
import { sampleFill, sampleIntent, sampleOrderEvents, sampleStatus } from '../../contracts/store-samples.ts';

test('exact numbers of any size are plain decimal text', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), (units) => {
      const { price } = wireFill(sampleFill('alpha', 1, { price: units as Price }));
      assert.match(price, /^-?\d+(\.\d{1,12})?$/);
      assert.equal(fixed<Price>(price), units);
    }),
  );
});

test('no exact number is left as a bigint, which JSON could not carry', () => {
  const wired = [
    wireFill(sampleFill('alpha', 1)),
    wireOrder(sampleIntent('alpha', 1)),
    wireOrder(
      sampleIntent('alpha', 2, {
        quantity: { kind: 'equity-fraction', fraction: 0.5 },
        execution: { type: 'stop', triggerPrice: fixed('1.5'), limitPrice: fixed('1.4') },
      }),
    ),
    wireOrder(sampleIntent('alpha', 3, { execution: { type: 'trailing-stop', distance: fixed('0.000000000001') } })),
    ...sampleOrderEvents('alpha', 1).map(wireOrderEvent),
  ];
  for (const one of wired) assert.deepEqual(JSON.parse(JSON.stringify(one)), { ...one });
  assert.deepEqual(wired[2]?.['execution' as never], { type: 'stop', triggerPrice: '1.5', limitPrice: '1.4' });
});

test('a portfolio is what its status says of it', () => {
  const { botId, marketTime, equity, balance, realisedProfit, fees, positions } = sampleStatus('alpha');
  const expected = { botId, marketTime, equity, balance, realisedProfit, fees, positions };
  assert.deepEqual(wirePortfolio(sampleStatus('alpha')), expected);
});
