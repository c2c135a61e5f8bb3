import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApprovedOrder } from '../../../src/domain/approved-order.ts';
import type { OrderEvent } from '../../../src/domain/order.ts';
import { costPresets } from '../../../src/execution/cost-models.ts';
import { MatchingEngine } from '../../../src/execution/matching-engine.ts';
import type { OrderGateway } from '../../../src/execution/order-gateway.ts';
import { PaperGateway } from '../../../src/execution/paper-gateway.ts';
import type { Money, Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { ACME, inShort, limit, market, units } from './venue.ts';

function gateway(events: OrderEvent[]): PaperGateway {
  const account = { positionQuantity: () => 0n as Quantity, equity: () => 0n as Money };
  const emit = (event: OrderEvent): void => void events.push(event);
  return new PaperGateway(
    new MatchingEngine({
      instruments: [ACME],
      costs: costPresets.frictionless,
      latencyMs: 0,
      seed: 1,
      account,
      emit,
    }),
  );
}

function order(clientOrderId: string, execution: ApprovedOrder['execution']): ApprovedOrder {
  return {
    clientOrderId,
    botId: 'bot',
    signalId: 'signal',
    symbol: 'ACME',
    side: 'buy',
    quantity: units('1'),
    execution,
    timeInForce: { kind: 'GTC' },
    reduceOnly: false,
    createdAt: epochMs(0),
  } as ApprovedOrder;
}

const candle = {
  openTime: epochMs(0),
  closeTime: epochMs(60_000),
  open: 100,
  high: 110,
  low: 90,
  close: 105,
  volume: 1,
};

test('is a simulated venue behind the port: it answers within the call and fills from the next candle', () => {
  const events: OrderEvent[] = [];
  const paper = gateway(events);
  const port: OrderGateway = paper;
  assert.equal(port.kind, 'simulated');
  port.submit(order('a', market), epochMs(0));
  port.submit(order('b', limit('80')), epochMs(0));
  port.cancel('b', epochMs(0));
  paper.onCandle('ACME', candle);
  assert.deepEqual(events.map(inShort), [
    'a accepted at 0',
    'b accepted at 0',
    'b cancelled at 0',
    'a filled 1 @ 100 taker at 0',
  ]);
});

test('keeps its state in a checkpoint', () => {
  const [before, after]: OrderEvent[][] = [[], []];
  const paper = gateway(before!);
  paper.submit(order('a', limit('95')), epochMs(0));
  const resumed = gateway(after!);
  resumed.restore(JSON.parse(JSON.stringify(paper.snapshot())));
  resumed.onCandle('ACME', candle);
  assert.deepEqual(after!.map(inShort), ['a filled 1 @ 95 maker at 10000']);
});
