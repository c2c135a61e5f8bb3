import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixed, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { BTC, openAccountBot } from './account-bot.ts';

test('a bot that stops waits for the fill of an exit that is on its way', async (context) => {
  const { gateway, minute, pass, end, fills } = await openAccountBot(context, (step) => {
    if (step === 1) return { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' };
    return step === 2 ? { kind: 'exit', symbol: BTC, reason: 'out' } : undefined;
  });
  await minute();
  await pass(200);
  // A tenth of 10,000 at a price of 100.
  gateway.next({ fills: [{ afterMs: 1_500, quantity: fixed<Quantity>('10') }] });
  await minute();
  await pass(200);
  assert.equal(await fills(), 1);
  await end();
  assert.equal(await fills(), 2);
});

test('a bot that was stopped is told as running as soon as it runs again, and not with its next bar', async (context) => {
  const { minute, pass, end, restart, storedLifecycle } = await openAccountBot(context, () => undefined);
  await minute();
  await end();
  assert.equal(await storedLifecycle(), 'stopped');
  await restart();
  await pass(100);
  assert.equal(await storedLifecycle(), 'running');
});
