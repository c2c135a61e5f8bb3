import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type {
  GatewayListener,
  OrderGateway,
  OrderReport,
  ReportedFill,
  WireOrder,
} from '../../src/execution/order-gateway.ts';
import type { Price, Quantity } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';

/** Keeps what a gateway tells. */
export class RecordingListener implements GatewayListener {
  readonly reports: OrderReport[] = [];
  readonly fills: ReportedFill[] = [];
  /** `connected`, or why it was disconnected. */
  readonly connection: string[] = [];

  report(report: OrderReport): void {
    this.reports.push(report);
  }

  fill(fill: ReportedFill): void {
    this.fills.push(fill);
  }

  connected(): void {
    this.connection.push('connected');
  }

  disconnected(reason: string): void {
    this.connection.push(reason);
  }

  /** Of one order, in the order of arrival. */
  states(clientOrderId: string): readonly OrderReport['state'][] {
    return this.reports.filter((report) => report.clientOrderId === clientOrderId).map(({ state }) => state);
  }

  /** Without what came more than once. */
  fillsOf(clientOrderId: string): readonly ReportedFill[] {
    const ofIt = this.fills.filter((fill) => fill.clientOrderId === clientOrderId);
    return [...new Map(ofIt.map((fill) => [fill.fillId, fill])).values()];
  }
}

/** What the venue itself knows: the judge. */
export interface VenueTruth {
  /** How many orders there are with this client id. */
  ordersNamed(clientOrderId: string): number;
  readonly fills: readonly Pick<ReportedFill, 'fillId' | 'price' | 'quantity' | 'fee'>[];
  /** Signed, of the harness's symbol. */
  readonly held: bigint;
  /** Requests that would make an order, as they came in. */
  readonly submissions: number;
}

/** What goes wrong with the next request: the answer is lost after the venue dealt with it, or the request before. */
export type Loss = { readonly how: string; readonly when: 'before' | 'after' };

export interface GatewayHarness {
  readonly gateway: OrderGateway;
  readonly listener: RecordingListener;
  readonly symbol: string;
  readonly quantity: Quantity;
  /** A price at which an order to buy rests. */
  readonly restingPrice: Price;
  readonly truth: () => VenueTruth;
  /** Lets time pass until the work is done. */
  run<Value>(work: Promise<Value>): Promise<Value>;
  /** Lets time pass until it holds. @throws when it does not within a while */
  until(holds: () => boolean, what: string): Promise<void>;
  pass(duration: number): Promise<void>;
  lose(call: 'submit' | 'cancel', loss: Loss): void;
  /** The next submission arrives after its receive window. */
  delayNext(): void;
  /** The next submission is refused because too much was asked. */
  limitNext(): void;
  /** Look-ups tell what was true so long ago, from now on. */
  lag(ms: number): void;
  /** Messages of the private stream come twice. */
  duplicateStream(): void;
  cutStream(): void;
  outage(isOn: boolean): void;
  /** Somebody else trades on the account. */
  foreignOrder(): void;
  close(): Promise<void>;
}

export interface GatewayContract {
  readonly name: string;
  readonly open: () => Promise<GatewayHarness>;
  /** The ways in which a request or its answer can get lost. */
  readonly losses: readonly Loss[];
}

/** What every adapter of {@link OrderGateway} holds. */
export function orderGatewayContract({ name, open, losses }: GatewayContract): void {
  describe(`the contract of order gateways: ${name}`, () => {
    let harness: GatewayHarness;
    beforeEach(async () => {
      harness = await open();
      await harness.run(harness.gateway.open(harness.listener));
    });
    afterEach(() => harness.close());

    const market = (clientOrderId: string, more: Partial<WireOrder> = {}): WireOrder => ({
      symbol: harness.symbol,
      clientOrderId,
      side: 'buy',
      quantity: harness.quantity,
      execution: { type: 'market' },
      timeInForce: 'IOC',
      reduceOnly: false,
      ...more,
    });
    const resting = (clientOrderId: string): WireOrder =>
      market(clientOrderId, {
        execution: { type: 'limit', limitPrice: harness.restingPrice, postOnly: false },
        timeInForce: 'GTC',
      });
    const named = (clientOrderId: string): { symbol: string; clientOrderId: string } => ({
      symbol: harness.symbol,
      clientOrderId,
    });

    test('a market order is accepted, filled, told of, found, and booked with exact numbers', async () => {
      const { gateway, listener } = harness;
      const outcome = await harness.run(gateway.submit(market('m-1')));
      assert.equal(outcome.kind, 'accepted');
      await harness.until(() => listener.states('m-1').includes('filled'), 'the report of the fill');
      await harness.until(() => listener.fillsOf('m-1').length > 0, 'the fill');
      const looked = await harness.run(gateway.find(named('m-1')));
      assert.ok(looked.kind === 'found');
      assert.equal(looked.report.state, 'filled');
      assert.equal(looked.report.filledQuantity, harness.quantity);
      assert.equal(quantityOf(looked.fills), harness.quantity);
      const truth = harness.truth();
      assert.deepEqual(looked.fills.map(numbersOf), truth.fills.map(numbersOf));
      assert.deepEqual(listener.fillsOf('m-1').map(numbersOf), truth.fills.map(numbersOf));
      const all = await harness.run(gateway.fills(epochMs(looked.fills[0]!.time - 1_000)));
      assert.ok(all.ok);
      assert.deepEqual(all.value.map(numbersOf), truth.fills.map(numbersOf));
      assert.equal(truth.submissions, 1);
      assert.equal(await heldAccordingTo(), truth.held);
    });

    test('a limit order rests, is listed, and can be cancelled once', async () => {
      const { gateway, listener } = harness;
      assert.equal((await harness.run(gateway.submit(resting('l-1')))).kind, 'accepted');
      await harness.until(() => listener.states('l-1').includes('working'), 'the report of the order');
      const open = await harness.run(gateway.openOrders());
      assert.ok(open.ok);
      assert.deepEqual(
        open.value.map(({ clientOrderId, state, quantity }) => ({ clientOrderId, state, quantity })),
        [{ clientOrderId: 'l-1', state: 'working', quantity: harness.quantity }],
      );
      assert.equal((await harness.run(gateway.cancel(named('l-1')))).kind, 'accepted');
      await harness.until(() => listener.states('l-1').includes('cancelled'), 'the report of the cancel');
      assert.equal((await harness.run(gateway.cancel(named('l-1')))).kind, 'gone');
      assert.equal((await harness.run(gateway.cancel(named('never-there')))).kind, 'gone');
      const looked = await harness.run(gateway.find(named('l-1')));
      assert.ok(looked.kind === 'found');
      assert.equal(looked.report.state, 'cancelled');
      assert.deepEqual(looked.fills, []);
    });

    test('a client id is refused as long as the rules of the venue say', async () => {
      const { gateway, listener } = harness;
      await harness.run(gateway.submit(resting('d-1')));
      assert.equal((await harness.run(gateway.submit(resting('d-1')))).kind, 'duplicate');
      await harness.run(gateway.cancel(named('d-1')));
      await harness.until(() => listener.states('d-1').includes('cancelled'), 'the end of the order');
      const again = await harness.run(gateway.submit(resting('d-1')));
      const mayRepeat = gateway.rules.clientIds === 'unique-among-open';
      assert.equal(again.kind, mayRepeat ? 'accepted' : 'duplicate');
      assert.equal(harness.truth().ordersNamed('d-1'), mayRepeat ? 2 : 1);
      if (!mayRepeat) return;
      const looked = await harness.run(gateway.find(named('d-1')));
      assert.ok(looked.kind === 'found');
      assert.equal(looked.report.state, 'working');
    });

    for (const loss of losses) {
      test(`an order whose request meets "${loss.how}" ${loss.when} it is dealt with is unknown, and sent once`, async () => {
        const { gateway } = harness;
        harness.lose('submit', loss);
        const outcome = await harness.run(gateway.submit(market('u-1')));
        assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
        const arrived = loss.when === 'after' ? 1 : 0;
        assert.equal(harness.truth().ordersNamed('u-1'), arrived);
        assert.ok(harness.truth().submissions <= 1);
        if (arrived === 1) await harness.until(() => harness.truth().fills.length > 0, 'the fill at the venue');
        const looked = await harness.run(gateway.find(named('u-1')));
        assert.equal(looked.kind, arrived === 1 ? 'found' : 'absent');
        if (looked.kind === 'found') assert.equal(quantityOf(looked.fills), harness.quantity);
      });
    }

    test('a cancel whose answer is lost is unknown', async () => {
      const { gateway, listener } = harness;
      await harness.run(gateway.submit(resting('c-1')));
      await harness.until(() => listener.states('c-1').includes('working'), 'the order');
      harness.lose('cancel', losses.find(({ when }) => when === 'after')!);
      assert.equal((await harness.run(gateway.cancel(named('c-1')))).kind, 'unknown');
      await harness.until(() => listener.states('c-1').includes('cancelled'), 'the report of the cancel');
    });

    test('a request that comes later than its receive window makes no order', async () => {
      const { gateway } = harness;
      harness.delayNext();
      const outcome = await harness.run(gateway.submit(market('w-1')));
      const isExpired = outcome.kind === 'refused' && outcome.code === 'VENUE_EXPIRED';
      assert.ok(isExpired || outcome.kind === 'unknown', JSON.stringify(outcome));
      await harness.pass(gateway.rules.receiveWindowMs);
      assert.equal(harness.truth().ordersNamed('w-1'), 0);
    });

    test('a request that the venue did not look at is not sent, and may be sent again', async () => {
      const { gateway } = harness;
      harness.limitNext();
      const outcome = await harness.run(gateway.submit(market('n-1')));
      assert.ok(outcome.kind === 'not-sent', JSON.stringify(outcome));
      assert.ok(outcome.retryAfterMs > 0);
      assert.equal(harness.truth().ordersNamed('n-1'), 0);
      await harness.pass(outcome.retryAfterMs);
      assert.equal((await harness.run(gateway.submit(market('n-1')))).kind, 'accepted');
    });

    test('look-ups may lag behind what was accepted, and catch up', async () => {
      const { gateway } = harness;
      harness.lag(500);
      assert.equal((await harness.run(gateway.submit(resting('g-1')))).kind, 'accepted');
      assert.equal((await harness.run(gateway.find(named('g-1')))).kind, 'absent');
      await harness.pass(700);
      assert.equal((await harness.run(gateway.find(named('g-1')))).kind, 'found');
    });

    test('what is heard twice is passed on, with the same ids', async () => {
      const { gateway, listener } = harness;
      harness.duplicateStream();
      await harness.run(gateway.submit(market('t-1')));
      const all = (): readonly ReportedFill[] => listener.fills.filter(({ clientOrderId }) => clientOrderId === 't-1');
      await harness.until(() => quantityOf(all()) === 2n * harness.quantity, 'the fill, twice');
      assert.equal(quantityOf(listener.fillsOf('t-1')), harness.quantity);
    });

    test('a broken stream is told, and told again when it is back; what is said then is heard', async () => {
      const { gateway, listener } = harness;
      assert.deepEqual(listener.connection, ['connected']);
      harness.cutStream();
      await harness.until(() => listener.connection.length === 2, 'the end of the connection');
      await harness.until(() => listener.connection.at(-1) === 'connected', 'the next connection');
      await harness.run(gateway.submit(market('b-1')));
      await harness.until(() => listener.fillsOf('b-1').length > 0, 'the fill');
    });

    test("another's order is told of, and listed", async () => {
      const { gateway, listener } = harness;
      harness.foreignOrder();
      await harness.until(() => listener.fills.length > 0, 'the fill of the foreign order');
      const told = await harness.run(gateway.fills(epochMs(listener.fills[0]!.time - 1_000)));
      assert.ok(told.ok);
      assert.deepEqual(told.value.map(numbersOf), harness.truth().fills.map(numbersOf));
      assert.equal(await heldAccordingTo(), harness.truth().held);
    });

    test('a venue that does not answer: nothing is rejected, nothing is claimed', async () => {
      const { gateway } = harness;
      await harness.run(gateway.submit(resting('o-1')));
      harness.outage(true);
      const outcome = await harness.run(gateway.submit(market('o-2')));
      assert.ok(['unknown', 'not-sent'].includes(outcome.kind), outcome.kind);
      const cancel = await harness.run(gateway.cancel(named('o-1')));
      assert.ok(['unknown', 'not-sent'].includes(cancel.kind), cancel.kind);
      const looked = await harness.run(gateway.find(named('o-1')));
      assert.equal(looked.kind, 'unavailable');
      for (const asked of [gateway.openOrders(), gateway.fills(epochMs(1_000_000_000_000)), gateway.holdings()]) {
        assert.equal((await harness.run<{ ok: boolean }>(asked)).ok, false);
      }
      harness.outage(false);
      const open = gateway.openOrders.bind(gateway);
      await harness.until(() => listenerIsConnected(), 'the connection');
      assert.equal((await harness.run(open())).ok, true);
    });

    test('what the key may do can be asked, and the clock was measured', async () => {
      const rights = await harness.run(harness.gateway.rights());
      assert.ok(rights.ok);
      assert.equal(rights.value.canTrade, true);
      assert.equal(rights.value.canWithdraw, false);
      const offset = harness.gateway.clockOffset;
      assert.ok(
        offset !== undefined && Math.abs(offset.offsetMs) <= 50 && offset.uncertaintyMs >= 0,
        JSON.stringify(offset),
      );
    });

    async function heldAccordingTo(): Promise<bigint> {
      const holdings = await harness.run(harness.gateway.holdings());
      assert.ok(holdings.ok);
      return holdings.value.positions.find(({ symbol }) => symbol === harness.symbol)?.quantity ?? 0n;
    }

    function listenerIsConnected(): boolean {
      return harness.listener.connection.at(-1) === 'connected';
    }
  });
}

function quantityOf(fills: readonly ReportedFill[]): bigint {
  return fills.reduce((sum, { quantity }) => sum + quantity, 0n);
}

type Numbers = Pick<ReportedFill, 'fillId' | 'price' | 'quantity' | 'fee'>;

function numbersOf({ fillId, price, quantity, fee }: Numbers): Numbers {
  return { fillId, price, quantity, fee };
}
