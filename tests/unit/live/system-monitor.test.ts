import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { topics } from '../../../src/bus/topics.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { SystemMonitor } from '../../../src/live/system-monitor.ts';

test('a symbol that falls silent is called stale once, and once resumed', async () => {
  const clock = new VirtualClock(epochMs(1_746_403_200_000));
  const bus = new InProcessBus({ clock, logger: silentLogger });
  const monitor = new SystemMonitor(bus, clock, { staleAfterMs: 30_000 });
  await monitor.start(['BTCUSDT', 'ETHUSDT'], []);
  const tell = (symbol: string): Promise<void> =>
    bus.publish(topics.market(symbol), {
      kind: 'price',
      symbol,
      price: 94_000,
      bid: null,
      ask: null,
      occurredAt: clock.now(),
      receivedAt: clock.now(),
      source: 'test',
    });
  const told = (type: string): readonly string[] => monitor.events().filter((event) => event.includes(type));

  await tell('BTCUSDT');
  await tell('ETHUSDT');
  await clock.advance(29_000);
  assert.equal(monitor.prices.isStale('BTCUSDT'), false);
  await tell('ETHUSDT');
  await clock.advance(10_000);
  assert.equal(monitor.prices.isStale('BTCUSDT'), true);
  assert.equal(monitor.prices.isStale('ETHUSDT'), false);
  assert.equal(told('market.stale').length, 1);

  await tell('BTCUSDT');
  await clock.advance(2_000);
  assert.equal(monitor.prices.isStale('BTCUSDT'), false);
  assert.equal(told('market.resumed').length, 1);

  await monitor.stop();
  await bus.close();
  assert.equal(clock.pendingTimers, 0);
});
