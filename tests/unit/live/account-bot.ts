import type { TestContext } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import { InvariantError } from '../../../src/foundation/errors.ts';
import { fixed, type Price } from '../../../src/foundation/fixed-point.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { Bot } from '../../../src/live/bot.ts';
import { AccountLink } from '../../../src/live/orders/account-link.ts';
import { ScriptedGateway } from '../../support/scripted-gateway.ts';
import { minutes, type Script, scripted } from '../engine/scripted-strategy.ts';
import { specOf } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, lease } from './live-bench.ts';

export const BTC = 'BTCUSDT';
const FROM = 1_750_000_020_000;

/** A whole bot on an account at a scripted venue; minutes and prices come by hand. The price is 100 until told otherwise. */
export async function openAccountBot(context: TestContext, script: Script) {
  const bench = await LiveBench.open(context);
  const gateway = new ScriptedGateway({ clock: bench.clock });
  gateway.truth.setPrice(BTC, fixed<Price>('100'));
  const feed = new HandFeed(minutes({ [BTC]: [100, 100, 100, 100] }, FROM));
  await bench.collector(feed, [BTC]);
  const spec = specOf({ definition: scripted(script), symbols: [BTC] });
  const account = new AccountLink([spec], { ...bench.parts, gateway, holdingsBesides: async () => [] });
  const started = account.start();
  await bench.clock.advance(50);
  await started;
  const told: string[] = [];
  await bench.bus.subscribe(topics.systemEvents, ({ payload }) => told.push(payload.type));
  const venue = () => {
    throw new InvariantError('A bot with an account has no simulated venue');
  };

  const begin = async (options?: { readonly resumes: boolean }) => {
    const life = new Bot(spec, { ...bench.parts, venue, account, marketDelayMs: 0 });
    await life.start((await lease(spec, bench))!, options);
    life.holdUntil(Number.POSITIVE_INFINITY);
    return { life, ended: life.run() };
  };
  let present = await begin();
  const end = async (): Promise<void> => {
    let isOver = false;
    const over = Promise.all([present.life.stop(), present.ended]).finally(() => {
      isOver = true;
    });
    await bench.until(() => isOver, 'the end of the bot');
    await over;
  };
  bench.onClose(async () => {
    await end();
    await account.stop();
  });

  let given = 0;
  return {
    gateway,
    /** Types of the system's events. */
    told,
    /** As Ctrl+C ends it. */
    end,
    fills: async () => (await bench.store.fills(spec.botId)).length,
    /** A new life of the bot. */
    async restart(options?: { readonly resumes: boolean }): Promise<void> {
      await end();
      present = await begin(options);
      await bench.settle();
    },
    async minute(): Promise<void> {
      given += 1;
      await bench.clock.advance(FROM + given * MINUTE_MS - bench.clock.now());
      await feed.give();
      await bench.settle();
    },
    async price(value: number): Promise<void> {
      const at = epochMs(bench.clock.now());
      const message = { kind: 'price', symbol: BTC, price: value, bid: null, ask: null, source: 'hand' } as const;
      await bench.bus.publish(topics.market(BTC), { ...message, occurredAt: at, receivedAt: at });
      await bench.settle();
    },
    async pass(milliseconds: number): Promise<void> {
      for (let passed = 0; passed < milliseconds; passed += 100) {
        await bench.clock.advance(100);
        await bench.settle();
      }
    },
    /** How many positions the account has. */
    position: () => gateway.truth.holdingsAt(bench.clock.now()).positions.length,
    orders: () => gateway.sent.map(({ side, execution }) => `${side} ${execution.type}`),
    signals: async () => (await bench.store.signals(spec.botId)).map(({ signal }) => signal.reason),
    status: () => present.life.status(),
    /** As others read it. */
    storedLifecycle: async () => (await bench.store.botStatuses()).map(({ lifecycle }) => lifecycle).join(),
  };
}
