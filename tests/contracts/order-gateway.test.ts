import { VirtualClock } from '../../src/foundation/clock.ts';
import { fixed, type Money, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { openBybitAccount } from '../support/bybit-account.ts';
import { latest } from '../support/scripted-account.ts';
import { ScriptedGateway, type ScriptedGatewayOptions } from '../support/scripted-gateway.ts';
import { type GatewayHarness, orderGatewayContract, RecordingListener } from './order-gateway.contract.ts';

const PRICE = fixed<Price>('100000');
const PATIENCE_MS = 60_000;

/** The gateway that other tests script, held to the same contract. */
function openScripted(clientIds: 'unique' | 'unique-among-open'): GatewayHarness {
  const clock = new VirtualClock(epochMs(Date.UTC(2026, 0, 1)));
  const listener = new RecordingListener();
  let lagMs = 0;
  let times = 1;
  const options: ScriptedGatewayOptions = {
    clock,
    feeRate: fixed<Money>('0.00055'),
    rules: { clientIds, receiveWindowMs: 500 },
    timeoutMs: 1_000,
    lagMs: () => lagMs,
    streamPlan: () => ({ times, delayMs: 1 }),
  };
  const gateway = new ScriptedGateway(options);
  gateway.truth.setPrice('BTCUSDT', PRICE);
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    const end = clock.now() + PATIENCE_MS;
    while (!holds()) {
      if (clock.now() > end) throw new Error(`still waiting for ${what}`);
      await clock.advance(1);
    }
  };
  return {
    gateway,
    listener,
    symbol: 'BTCUSDT',
    quantity: fixed<Quantity>('0.013'),
    restingPrice: fixed<Price>('90000'),
    truth: () => ({
      ordersNamed: (id) => gateway.truth.orders.filter((order) => latest(order).clientOrderId === id).length,
      fills: gateway.truth.fills,
      held: gateway.truth.holdingsAt(clock.now()).positions[0]?.quantity ?? 0n,
      submissions: gateway.sent.length,
    }),
    async run(work) {
      let isDone = false;
      const settled = work.finally(() => {
        isDone = true;
      });
      await until(() => isDone, 'an answer');
      return settled;
    },
    until,
    pass: (duration) => clock.advance(duration),
    lose(call, { when }) {
      const plan = when === 'before' ? { arriveAfterMs: 'never' as const } : { answerAfterMs: 'never' as const };
      if (call === 'submit') gateway.next(plan);
      else gateway.nextCancel(plan);
    },
    delayNext: () => gateway.next({ arriveAfterMs: 700 }),
    limitNext: () => gateway.next({ notSent: true }),
    lag: (ms) => {
      lagMs = ms;
    },
    duplicateStream: () => {
      times = 2;
    },
    cutStream: () => gateway.disconnect('the connection broke', 200),
    outage: (isOn) => {
      gateway.isUnreachable = isOn;
    },
    foreignOrder: () => gateway.truth.foreignFill('BTCUSDT', 'sell', fixed<Quantity>('0.5'), PRICE),
    close: () => gateway.close(),
  };
}

for (const clientIds of ['unique', 'unique-among-open'] as const) {
  orderGatewayContract({
    name: `scripted, client ids ${clientIds}`,
    open: async () => openScripted(clientIds),
    losses: [
      { how: 'nothing', when: 'before' },
      { how: 'nothing', when: 'after' },
    ],
  });
}

const LOSSES = ['reset', 'nothing', 'half', '503'].flatMap((how) => [
  { how, when: 'before' as const },
  { how, when: 'after' as const },
]);

for (const clientIds of ['unique', 'unique-among-open'] as const) {
  orderGatewayContract({
    name: `Bybit over ccxt, perpetual, client ids ${clientIds}`,
    open: () => openBybitAccount({ clientIds }),
    losses: LOSSES,
  });
}
orderGatewayContract({
  name: 'Bybit over ccxt, spot',
  open: () => openBybitAccount({ kind: 'spot' }),
  losses: LOSSES.slice(0, 2),
});
