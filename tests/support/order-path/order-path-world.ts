import { createHash } from 'node:crypto';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { InProcessMemory } from '../../../src/bus/in-process-memory.ts';
import { topics } from '../../../src/bus/topics.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import type { VenueRules, WireOrder } from '../../../src/execution/order-gateway.ts';
import { disarmCrashPoint } from '../../../src/foundation/crash-point.ts';
import { fixed, type Money } from '../../../src/foundation/fixed-point.ts';
import { Random } from '../../../src/foundation/random.ts';
import { DAY_MS, type DurationMs, epochMs } from '../../../src/foundation/time.ts';
import { noLimits } from '../../../src/risk/limits.ts';
import { specOf } from '../../unit/engine/session-bench.ts';
import type { AccountEvent, ScriptedAccount } from '../scripted-account.ts';
import { ScriptedGateway, type ScriptedGatewayOptions } from '../scripted-gateway.ts';
import { drawFaults, FaultDice, type FaultMix } from './fault-mix.ts';
import { botOf, ledgerDifferences } from './ledger-check.ts';
import type { Life } from './life.ts';
import { MarketWalk } from './market-walk.ts';
import { MemoryStore } from './memory-store.ts';
import { type Figures, Nemesis, newFigures } from './nemesis.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { priceDice } from './price-dice.ts';
import { TradingProcess } from './trading-process.ts';
import { WorldClock } from './world-clock.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly bug?: PlantedBug | undefined;
  /** How many of the last happenings are kept for a report. Default 0. */
  readonly keepLines?: number;
}

export interface Outcome {
  readonly seed: number;
  /** Of all that happened at the venue and to the processes: the same seed gives the same. */
  readonly hash: string;
  readonly violations: readonly string[];
  readonly figures: Figures;
  readonly faults: FaultMix;
  readonly lines: readonly string[];
}

const START = epochMs(Date.UTC(2026, 0, 5, 10, 0, 40));
/** The bots trade, and things go wrong. */
const TROUBLED_MS = 210_000;
/** Nothing goes wrong any more, and nobody decides; prices still move for a while. Long enough for three reconciliations. */
const HEALING_MS = 70_000;
const SYMBOLS = ['AUSDT', 'BUSDT'];
const MAXIMUM_PRICE_AGE_MS = 15_000;
/** How much later than its decision an order may leave: what the venue's rules allow, and the network. */
const SEND_WITHIN_MS = { entry: 10_000, exit: 60_000 };
const MARKET_DELAY_MS = 1_000;
const MOST_VIOLATIONS = 20;

/**
 * A whole small world, from one seed: an exchange account with exact books of its own, a market, a store and a bus that
 * outlive everything, and processes with the real bots, which are killed, put to sleep and cut off. In the end all is
 * well again, and the books of the bots must be the books of the exchange, to the last digit.
 */
export class OrderPathWorld {
  readonly #options: WorldOptions;
  readonly #figures = newFigures();
  readonly #violations: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  readonly #world: WorldClock;
  readonly #store = new MemoryStore();
  readonly #specs: readonly SessionSpec[];
  readonly #truth: ScriptedAccount;
  readonly #faults: FaultDice;
  readonly #mix: FaultMix;
  readonly #market: MarketWalk;
  readonly #nemesis: Nemesis;
  /** Nobody decides any more; lost ways out are still replaced. */
  #isQuiet = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, bug } = options;
    const random = new Random(seed, 'world');
    this.#world = new WorldClock(START, new Random(seed, 'ties'));
    this.#specs = specsOf(random, () => this.#isQuiet);
    this.#mix = drawFaults(new Random(seed, 'faults'));
    const rules = rulesOf(random);
    this.#faults = new FaultDice(this.#mix, new Random(seed, 'requests'), rules);
    const gateway: ScriptedGatewayOptions = {
      clock: this.#world,
      rules,
      feeRate: fixed<Money>('0.00055'),
      timeoutMs: [1_000, 3_000, 5_000][random.integer(0, 2)]!,
      plan: this.#faults.plan,
      streamPlan: this.#faults.streamPlan,
      lagMs: this.#faults.lagMs,
    };
    this.#truth = ScriptedGateway.accountFor(gateway);
    this.#truth.listeners.add((event) => this.#tellOf(event));
    const memory = new InProcessMemory();
    const bus = this.#ownBus(memory);
    const surroundings = { world: this.#world, random: new Random(seed, 'distances') };
    this.#market = new MarketWalk(SYMBOLS, bus, this.#truth, {
      world: this.#world,
      random: new Random(seed, 'market'),
    });
    const setup = {
      ...surroundings,
      specs: this.#specs,
      store: this.#store,
      memory,
      gateway: { ...gateway, truth: this.#truth },
      faults: this.#faults,
      bug,
      bugMemory: new Set<string>(),
      isStoreAway: () => this.#nemesis.isStoreAway,
      onSubmit: (order: WireOrder, life: Life) => this.#checkSubmission(order, life),
      onTrouble: (what: string, life: Life) => this.#violate(`${life.name}: ${what}`),
      note: (line: string) => this.#note(line),
    };
    this.#nemesis = new Nemesis(this.#mix, {
      world: this.#world,
      random: new Random(seed, 'nemesis'),
      processes: ['p1', 'p2'].map((name) => new TradingProcess(name, setup)),
      botIds: this.#specs.map(({ botId }) => botId),
      bus,
      figures: this.#figures,
      foreignTrade: (side, units) => {
        const symbol = SYMBOLS[units % SYMBOLS.length]!;
        this.#truth.foreignFill(symbol, side, fixed(`${units}`), this.#market.price(symbol));
      },
      note: (line) => this.#note(line),
    });
  }

  async run(): Promise<Outcome> {
    await this.#ownBusIsReady;
    this.#market.start();
    this.#nemesis.begin();
    const isDone = () => this.#violations.length > 0 && this.#options.bug !== undefined;
    await this.#world.run(TROUBLED_MS, isDone);
    this.#faults.isOver = true;
    this.#isQuiet = true;
    this.#nemesis.heal();
    await this.#world.run(HEALING_MS / 2, isDone);
    this.#market.stands = true;
    await this.#world.run(HEALING_MS / 2, isDone);
    disarmCrashPoint();
    if (this.#violations.length === 0) {
      for (const one of await ledgerDifferences(this.#store, this.#truth, this.#specs)) this.#violate(one);
    }
    this.#nemesis.end();
    return this.#outcome();
  }

  #outcome(): Outcome {
    const figures = this.#figures;
    figures.orders = this.#truth.orders.filter(({ wire }) => wire.clientOrderId !== '').length;
    figures.fills = this.#truth.fills.length;
    figures.events = this.#world.events;
    const { seed } = this.#options;
    const hash = this.#hash.digest('hex');
    return { seed, hash, violations: this.#violations, figures, faults: this.#mix, lines: this.#lines };
  }

  #ownBusIsReady: Promise<unknown> = Promise.resolve();

  #ownBus(memory: InProcessMemory): InProcessBus {
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: (line: string) => this.#violate(line) };
    const clock = { ...clockOf(this.#world), monotonic: () => 0 as DurationMs };
    const bus = new InProcessBus({ clock, logger: silent, memory });
    this.#ownBusIsReady = bus.subscribe(topics.systemEvents, ({ payload }) => {
      const { type, details } = payload;
      if (type === 'fill.phantom') this.#violate(`phantom ${JSON.stringify(details)}`);
      if (type === 'account.difference') this.#figures.differences += 1;
      if (type === 'order.unresolved') this.#figures.unresolved += 1;
      if (type !== 'fill.external') return;
      const { clientOrderId } = details as { clientOrderId: string | null };
      if (botOf(clientOrderId, this.#specs))
        this.#violate(`a bot's own fill is told as foreign ${JSON.stringify(details)}`);
    });
    return bus;
  }

  /** At the moment at which an order leaves a process. */
  #checkSubmission(order: WireOrder, life: Life): void {
    const { clientOrderId } = order;
    this.#note(`${life.name} sends ${clientOrderId} ${order.side} ${order.quantity} ${order.execution.type}`);
    const spec = botOf(clientOrderId, this.#specs);
    const terms = spec && this.#store.intent(spec.botId, clientOrderId);
    if (terms === undefined) {
      this.#violate(`${clientOrderId} was sent without a durable intent`);
      return;
    }
    const owner = this.#store.ownerOf(`bot/${terms.botId}`);
    if (owner !== life.name) this.#violate(`${clientOrderId} was sent by ${life.name}; ${owner} has the lease`);
    this.#nemesis.tempt(life);
    if (terms.after !== undefined || terms.execution.type === 'trailing-stop') return;
    const age = this.#world.now() - terms.createdAt;
    const most = MARKET_DELAY_MS + MAXIMUM_PRICE_AGE_MS + SEND_WITHIN_MS[terms.reduceOnly ? 'exit' : 'entry'];
    if (age > most + this.#mix.skewMs) this.#violate(`${clientOrderId} was sent ${age} ms after its price`);
  }

  #tellOf(event: AccountEvent): void {
    if (event.kind === 'fill') {
      const { fillId, clientOrderId, quantity, price } = event.fill;
      this.#note(`venue: fill ${fillId} of ${clientOrderId}: ${quantity} at ${price}`);
    } else {
      const { clientOrderId, state, filledQuantity } = event.report;
      this.#note(`venue: ${clientOrderId} ${state}, filled ${filledQuantity}`);
    }
  }

  #note(what: string): void {
    const line = `${this.#world.now() - START} ${what}`;
    this.#hash.update(line).update('\n');
    const { keepLines = 0 } = this.#options;
    if (keepLines === 0) return;
    this.#lines.push(line);
    if (this.#lines.length > keepLines) this.#lines.shift();
  }

  #violate(what: string): void {
    this.#note(`VIOLATION ${what}`);
    if (this.#violations.length < MOST_VIOLATIONS) this.#violations.push(what);
  }
}

function clockOf(world: WorldClock) {
  return {
    now: () => world.now(),
    after: (delay: number, action: () => void) => world.after(delay, action),
    every: (period: number, action: () => void) => world.every(period, action),
  };
}

function rulesOf(random: Random): VenueRules {
  return {
    clientIds: random.next() < 0.5 ? 'unique' : 'unique-among-open',
    receiveWindowMs: random.next() < 0.5 ? 2_000 : 5_000,
    lookUpLagMs: 1_000,
    historyMs: DAY_MS,
  };
}

/** Two or three bots over the same symbols: one on bars alone, the others on prices between them as well. */
function specsOf(random: Random, isQuiet: () => boolean): SessionSpec[] {
  const maximumPriceAge = MAXIMUM_PRICE_AGE_MS as DurationMs;
  return Array.from({ length: random.integer(2, 3) }, (_, index) => {
    const busyness = (): number => (index === 0 ? 0.9 : 0.3 + 0.3 * random.next());
    const definition = priceDice(random.integer(1, 2 ** 31 - 1), busyness(), isQuiet);
    const symbols = index === 1 ? SYMBOLS : [SYMBOLS[index % 2]!];
    const limits = { ...noLimits, maximumPriceAge };
    const spec = specOf({ definition, symbols, limits, botId: `bot${index + 1}`, balance: '100000' });
    return index === 0 ? spec : { ...spec, priceTriggerMs: 2_000 };
  });
}
