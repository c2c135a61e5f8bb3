import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { topics } from '../../../src/bus/topics.ts';
import { nextTurn, VirtualClock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { PriceTrigger } from '../../../src/live/price-trigger.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const BARS = { last: 60_000, next: 120_000 };

async function open(
  minimumIntervalMs: number | null,
  symbols: readonly string[] = ['BTCUSDT'],
  awaited = new Set<string>(),
) {
  const clock = new VirtualClock();
  const bus = new InProcessBus({ clock, logger: new RecordingLogger() });
  let wakes = 0;
  const heard: number[] = [];
  const trigger = new PriceTrigger({
    bus,
    symbols,
    minimumIntervalMs,
    awaits: (symbol) => awaited.has(symbol),
    onPrice: ({ price }) => heard.push(price),
    wake: () => {
      wakes += 1;
    },
  });
  await trigger.start();
  const tell = async (time: number, price: number, symbol = 'BTCUSDT'): Promise<void> => {
    const occurredAt = epochMs(time);
    await bus.publish(topics.market(symbol), {
      kind: 'price',
      symbol,
      price,
      bid: null,
      ask: null,
      occurredAt,
      receivedAt: occurredAt,
      source: 'hand',
    });
    await nextTurn();
  };
  const due = (bars = BARS) =>
    trigger
      .take(bars)
      .map(({ price: { symbol, price }, isDecidedOn }) => `${symbol} ${price}${isDecidedOn ? '' : ' only heard'}`);
  return { trigger, tell, due, heard, wakes: () => wakes };
}

describe('prices on which a bot decides', () => {
  test('are the latest of each symbol, in the order of their time, each once', async () => {
    const { tell, due, wakes } = await open(1, ['BTCUSDT', 'ETHUSDT']);
    await tell(70_000, 1);
    await tell(65_000, 9, 'ETHUSDT');
    await tell(71_000, 2);
    assert.deepEqual(due(), ['ETHUSDT 9', 'BTCUSDT 2']);
    assert.deepEqual(due(), []);
    assert.equal(wakes(), 3);
  });

  test('come at once where one is awaited, also where none is decided on', async () => {
    const awaited = new Set<string>();
    const { tell, due, wakes } = await open(null, ['BTCUSDT', 'ETHUSDT'], awaited);
    await tell(70_000, 1);
    awaited.add('BTCUSDT');
    await tell(71_000, 2);
    await tell(71_500, 9, 'ETHUSDT');
    assert.deepEqual([due(), wakes()], [['BTCUSDT 2 only heard'], 1]);
  });

  test('that are awaited leave the interval as it is', async () => {
    const { tell, due } = await open(10_000, ['BTCUSDT'], new Set(['BTCUSDT']));
    await tell(70_000, 1);
    assert.deepEqual(due(), ['BTCUSDT 1']);
    await tell(75_000, 2);
    assert.deepEqual(due(), ['BTCUSDT 2 only heard']);
    await tell(80_000, 3);
    assert.deepEqual(due(), ['BTCUSDT 3']);
  });

  test('come at most once an interval, by the clock of the venue', async () => {
    const { tell, due } = await open(10_000);
    await tell(70_000, 1);
    assert.deepEqual(due(), ['BTCUSDT 1']);
    await tell(79_999, 2);
    assert.deepEqual(due(), []);
    await tell(80_000, 3);
    assert.deepEqual(due(), ['BTCUSDT 3']);
  });

  test('wait for a bar that should have closed before them, and are no news when it has', async () => {
    const { tell, due } = await open(1);
    await tell(120_000, 1);
    assert.deepEqual(due(), []);
    assert.deepEqual(due({ last: 120_000, next: 180_000 }), []);
    await tell(120_001, 2);
    assert.deepEqual(due({ last: 120_000, next: 180_000 }), ['BTCUSDT 2']);
  });

  test('are not those that came late, or before the last bar', async () => {
    const { tell, due } = await open(1);
    await tell(70_000, 1);
    await tell(69_000, 2);
    assert.deepEqual(due(), ['BTCUSDT 1']);
    await tell(59_000, 3);
    assert.deepEqual(due(), []);
  });

  test('are heard all, and decided on never, without an interval', async () => {
    const { tell, due, heard, wakes } = await open(null);
    await tell(70_000, 1);
    await tell(71_000, 2);
    assert.deepEqual(heard, [1, 2]);
    assert.deepEqual(due(), []);
    assert.equal(wakes(), 0);
  });
});
