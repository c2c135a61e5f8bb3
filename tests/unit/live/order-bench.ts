import assert from 'node:assert/strict';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { topics } from '../../../src/bus/topics.ts';
import type { ApprovedOrder } from '../../../src/domain/approved-order.ts';
import type { OrderEvent } from '../../../src/domain/order.ts';
import { ExternalVenue } from '../../../src/execution/external/external-venue.ts';
import type { ReportedFill } from '../../../src/execution/order-gateway.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { fixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { BotHoldings } from '../../../src/live/orders/account-balance.ts';
import { AccountLink } from '../../../src/live/orders/account-link.ts';
import { OrderDesk } from '../../../src/live/orders/order-desk.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { ScriptedGateway, type ScriptedGatewayOptions } from '../../support/scripted-gateway.ts';
import { type Terms, termsOf } from '../execution/external-bench.ts';

/** Ids as the engine makes them: bot, time, number. */
export function idOf(number: number, botId = 'bot'): string {
  return `${botId}-mk000000-${number}`;
}

/** A desk with its venue, at a scripted gateway, on a clock in the hand. Everything heard counts as durable at once. */
export class DeskBench {
  readonly clock = new VirtualClock(epochMs(1_700_000_000_000));
  readonly logger = new RecordingLogger();
  readonly gateway: ScriptedGateway;
  readonly venue: ExternalVenue;
  readonly desk: OrderDesk;
  readonly events: OrderEvent[] = [];
  readonly told: string[] = [];
  isHeld = true;

  constructor(options: Partial<ScriptedGatewayOptions> = {}) {
    this.gateway = new ScriptedGateway({ clock: this.clock, ...options });
    this.gateway.truth.setPrice('X', fixed<Price>('10'));
    this.gateway.truth.setPrice('Y', fixed<Price>('10'));
    this.venue = new ExternalVenue({ now: () => this.clock.now(), emit: (event) => this.events.push(event) });
    this.desk = new OrderDesk('bot', this.venue, {
      gateway: this.gateway,
      clock: this.clock,
      logger: this.logger,
      wake: () => {},
      isHeld: () => this.isHeld,
      tell: (type) => this.told.push(type),
      onFoundFill: (fill) => this.desk.fill(fill, () => {}),
      onFunding: () => {},
    });
  }

  /** The private stream is heard from now on. */
  async connect(): Promise<this> {
    const open = this.gateway.open({
      report: (report) => this.desk.report(report),
      fill: (fill) => this.desk.fill(fill, () => {}),
      connected: () => {},
      disconnected: () => {},
    });
    await this.clock.advance(20);
    await open;
    return this;
  }

  submit(number: number, terms: Terms = {}): this {
    this.venue.submit(termsOf(idOf(number), terms) as ApprovedOrder);
    return this;
  }

  /** Lets time pass as a bot does: hears what there is, and sends what follows from it, every 10 ms. */
  async pass(milliseconds: number): Promise<this> {
    this.desk.send();
    for (let passed = 0; passed < milliseconds; passed += 10) {
      await this.clock.advance(Math.min(10, milliseconds - passed));
      this.desk.hear();
      this.desk.send();
    }
    return this;
  }

  /** What became of an order, the last that was told. */
  last(number: number): string | undefined {
    return this.events.findLast((event) => event.clientOrderId === idOf(number))?.kind;
  }

  get sentIds(): string[] {
    return this.gateway.sent.map(({ clientOrderId }) => clientOrderId);
  }

  get atVenue(): number {
    return this.gateway.truth.orders.length;
  }
}

const ACCOUNT_BOTS = ['bot', 'other'].map((botId) => ({ botId, symbols: ['XUSDT'] }));

/** An account with bots of which only desk and books are real. */
export class LinkBench {
  readonly clock = new VirtualClock(epochMs(1_700_000_000_000));
  readonly logger = new RecordingLogger();
  readonly gateway: ScriptedGateway;
  readonly link: AccountLink;
  readonly events: { readonly type: string; readonly details: Json }[] = [];
  readonly phantoms: ReportedFill[] = [];
  readonly bus: InProcessBus;
  /** The books of bots that run elsewhere. */
  besides: BotHoldings[] = [];
  readonly #desks: OrderDesk[] = [];

  constructor(options: Partial<ScriptedGatewayOptions> = {}) {
    this.bus = new InProcessBus({ clock: this.clock, logger: this.logger });
    this.gateway = new ScriptedGateway({ clock: this.clock, ...options });
    this.gateway.truth.setPrice('XUSDT', fixed<Price>('10'));
    this.link = new AccountLink(ACCOUNT_BOTS, {
      gateway: this.gateway,
      bus: this.bus,
      clock: this.clock,
      logger: this.logger,
      holdingsBesides: async () => this.besides,
    });
  }

  async start(): Promise<this> {
    await this.bus.subscribe(topics.systemEvents, ({ payload }) => {
      this.events.push({ type: payload.type, details: payload.details });
    });
    const started = this.link.start();
    await this.clock.advance(10);
    await started;
    return this;
  }

  /** A bot whose books are made of its fills. */
  join(botId = 'bot'): { readonly desk: OrderDesk; readonly venue: ExternalVenue; readonly held: () => bigint } {
    let held = 0n;
    let cashFlow = 0n;
    const emit = (event: OrderEvent): void => {
      if (event.kind !== 'filled') return;
      const { side, quantity, price, fee } = event.fill;
      const signed = side === 'buy' ? quantity : -quantity;
      held += signed;
      cashFlow -= (signed * price) / 1_000_000_000_000n + fee;
    };
    const venue = new ExternalVenue({ now: () => this.clock.now(), emit });
    const desk = new OrderDesk(botId, venue, {
      gateway: this.gateway,
      clock: this.clock,
      logger: this.logger,
      wake: () => {},
      isHeld: () => true,
      tell: (type, details) => this.link.tell(type, details),
      onFoundFill: (fill) => this.link.fill(fill),
      onFunding: () => {},
    });
    this.#desks.push(desk);
    this.link.join({
      botId,
      desk,
      holdings: () => ({
        positions: new Map([['XUSDT', held as Quantity]]),
        currency: 'USDT',
        cashFlow: cashFlow as Money,
      }),
      wake: () => {},
      onPhantom: (fill) => this.phantoms.push(fill),
    });
    return { desk, venue, held: () => held };
  }

  async pass(milliseconds: number): Promise<this> {
    for (let passed = 0; passed < milliseconds; passed += 15) {
      await this.clock.advance(Math.min(15, milliseconds - passed));
      for (const desk of this.#desks) {
        desk.hear();
        desk.send();
      }
    }
    return this;
  }

  /** How often something was told. */
  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** Sends an order and lets it fill. */
  async trade(venue: ExternalVenue, number: number, terms: Terms = {}, botId = 'bot'): Promise<void> {
    venue.submit(termsOf(idOf(number, botId), { symbol: 'XUSDT', quantity: '1', ...terms }) as ApprovedOrder);
    await this.pass(200);
    assert.ok(this.gateway.truth.orders.length > 0);
  }
}
