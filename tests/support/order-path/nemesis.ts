import type { EventBus } from '../../../src/bus/event-bus.ts';
import { topics } from '../../../src/bus/topics.ts';
import { armCrashPoint, type CrashPoint, disarmCrashPoint } from '../../../src/foundation/crash-point.ts';
import { ORDER_POINTS } from './crash-points.ts';
import type { FaultMix } from './fault-mix.ts';
import { Killed, Life } from './life.ts';
import type { Surroundings } from './outside.ts';
import type { TradingProcess } from './trading-process.ts';

export interface Figures {
  orders: number;
  fills: number;
  kills: number;
  aimedKills: number;
  sleeps: number;
  disconnects: number;
  differences: number;
  unresolved: number;
  events: number;
  readonly crashPoints: Record<string, number>;
}

export function newFigures(): Figures {
  const counts = { orders: 0, fills: 0, kills: 0, aimedKills: 0, sleeps: 0, disconnects: 0 };
  return { ...counts, differences: 0, unresolved: 0, events: 0, crashPoints: {} };
}

export interface NemesisSetup extends Surroundings {
  readonly processes: readonly TradingProcess[];
  readonly botIds: readonly string[];
  readonly bus: EventBus;
  readonly figures: Figures;
  readonly foreignTrade: (side: 'buy' | 'sell', units: number) => void;
  readonly note: (line: string) => void;
}

/** The crash points on the path of orders. */
const POINTS: readonly CrashPoint[] = [...ORDER_POINTS, 'in-shutdown'];
const MINUTE = 60_000;
const ARM_EVERY_MS = 5_000;

/** Does to the processes what the fault mix says, until it is told to heal everything. */
export class Nemesis {
  readonly #mix: FaultMix;
  readonly #setup: NemesisSetup;
  #isOver = false;
  isStoreAway = false;

  constructor(mix: FaultMix, setup: NemesisSetup) {
    this.#mix = mix;
    this.#setup = setup;
  }

  begin(): void {
    const mix = this.#mix;
    const { random, world } = this.#setup;
    for (const process of this.#setup.processes) world.after(random.next() * 2_000, () => this.#start(process));
    this.#often(mix.killsPerMinute, () => this.#kill(this.#anyProcess()));
    this.#often(mix.shutdownsPerMinute, () => {
      const process = this.#anyProcess();
      process.shutDown(12_000, () => world.after(random.next() * 5_000, () => this.#start(process)));
    });
    this.#often(mix.sleepsPerMinute, () => this.#putToSleep(this.#anyProcess()));
    this.#often(mix.disconnectsPerMinute, () => this.#disconnect(this.#anyProcess(), 15_000));
    this.#often(mix.outagesPerMinute, () => this.#outage());
    this.#often(mix.storeOutagesPerMinute, () => this.#storeOutage());
    this.#often(mix.stopsPerMinute, () => this.#stopBot());
    this.#often(mix.foreignPerMinute, () => {
      this.#setup.foreignTrade(random.next() < 0.5 ? 'buy' : 'sell', random.integer(1, 3));
    });
    if (mix.aimedKills > 0) this.#often(MINUTE / ARM_EVERY_MS, () => this.#aim());
  }

  /** Everybody lives and is awake, everything answers, every bot is to run. */
  heal(): void {
    this.#isOver = true;
    this.isStoreAway = false;
    disarmCrashPoint();
    const { processes, world, botIds, bus } = this.#setup;
    for (const process of processes) {
      process.setUnreachable(false);
      process.life?.wake();
      if (process.life === undefined) process.start();
    }
    for (const delay of [1_000, 8_000]) {
      world.after(delay, () => {
        for (const botId of botIds) void bus.publish(topics.command('bot.start'), { botId });
      });
    }
  }

  /** An order leaves: the moments after it are the ones that hurt. */
  tempt(life: Life): void {
    const process = this.#setup.processes.find((one) => one.life === life);
    if (this.#isOver || process === undefined) return;
    const { random, world, figures } = this.#setup;
    const soon = (share: number, withinMs: number, action: () => void): void => {
      if (random.next() >= share) return;
      world.after(random.next() * withinMs, () => {
        if (!this.#isOver && process.life === life) action();
      });
    };
    soon(this.#mix.aimedKills / 10, 60, () => {
      figures.aimedKills += 1;
      this.#kill(process);
    });
    soon(this.#mix.aimedDisconnects, 2_000, () => this.#disconnect(process, 3_000));
    soon(this.#mix.aimedSleeps, 60, () => this.#putToSleep(process));
  }

  end(): void {
    for (const process of this.#setup.processes) process.kill();
  }

  #often(perMinute: number, action: () => void): void {
    if (perMinute <= 0) return;
    const { world, random } = this.#setup;
    const again = (): void => {
      world.after((-Math.log(1 - random.next()) * MINUTE) / perMinute, () => {
        if (this.#isOver) return;
        action();
        again();
      });
    };
    again();
  }

  #anyProcess(): TradingProcess {
    const { random, processes } = this.#setup;
    return processes[random.integer(0, processes.length - 1)]!;
  }

  #start(process: TradingProcess): void {
    if (process.life === undefined) process.start();
  }

  #kill(process: TradingProcess): void {
    if (process.life === undefined) return;
    const { random, world, figures } = this.#setup;
    figures.kills += 1;
    process.kill();
    // Now and then at once, so that its successor meets what it has sent.
    world.after(random.next() < 0.5 ? random.next() * 300 : random.next() * 12_000, () => this.#start(process));
  }

  /** At one of the named places, whichever process comes by. */
  #aim(): void {
    const { random, figures, processes } = this.#setup;
    if (random.next() > this.#mix.aimedKills) return;
    const point = POINTS[random.integer(0, POINTS.length - 1)]!;
    armCrashPoint(point, random.integer(1, 6), () => {
      const process = processes.find(({ life }) => life !== undefined && life === Life.running);
      if (process === undefined || this.#isOver) return;
      figures.aimedKills += 1;
      figures.crashPoints[point] = (figures.crashPoints[point] ?? 0) + 1;
      this.#setup.note(`a crash at ${point}`);
      this.#kill(process);
      throw new Killed(point);
    });
  }

  #putToSleep(process: TradingProcess): void {
    const { life } = process;
    if (life === undefined || life.isAsleep) return;
    const { random, world, figures, note } = this.#setup;
    figures.sleeps += 1;
    note(`${life.name} sleeps`);
    life.sleep();
    world.after(200 + random.next() ** 2 * 25_000, () => {
      note(`${life.name} wakes`);
      life.wake();
    });
  }

  #disconnect(process: TradingProcess, mostMs: number): void {
    this.#setup.figures.disconnects += 1;
    process.disconnect(50 + this.#setup.random.next() * mostMs);
  }

  #outage(): void {
    const { random, world, note } = this.#setup;
    const process = this.#anyProcess();
    note(`${process.name} can't reach the venue`);
    process.setUnreachable(true);
    world.after(random.next() * 12_000, () => process.setUnreachable(false));
  }

  #storeOutage(): void {
    const { random, world, note } = this.#setup;
    note('the store is away');
    this.isStoreAway = true;
    world.after(random.next() * 20_000, () => {
      this.isStoreAway = false;
    });
  }

  #stopBot(): void {
    const { random, world, botIds, bus } = this.#setup;
    const botId = botIds[random.integer(0, botIds.length - 1)]!;
    void bus.publish(topics.command('bot.stop'), { botId });
    world.after(random.next() * 15_000, () => void bus.publish(topics.command('bot.start'), { botId }));
  }
}
