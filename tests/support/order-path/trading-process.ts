import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import type { InProcessMemory } from '../../../src/bus/in-process-memory.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import type { WireOrder } from '../../../src/execution/order-gateway.ts';
import { InvariantError, messageOf } from '../../../src/foundation/errors.ts';
import type { Logger } from '../../../src/foundation/logger.ts';
import { BotManager } from '../../../src/live/bot-manager.ts';
import { holdingsOfStatus } from '../../../src/live/bot-report.ts';
import { AccountLink } from '../../../src/live/orders/account-link.ts';
import { ScriptedGateway, type ScriptedGatewayOptions } from '../scripted-gateway.ts';
import type { FaultDice } from './fault-mix.ts';
import { Life } from './life.ts';
import type { MemoryStore } from './memory-store.ts';
import { type BotStore, distantBus, distantStore, ownGateway, type Surroundings } from './outside.ts';
import type { PlantedBug } from './planted-bugs.ts';

export interface ProcessSetup extends Surroundings {
  readonly specs: readonly SessionSpec[];
  readonly store: MemoryStore;
  readonly memory: InProcessMemory;
  readonly gateway: ScriptedGatewayOptions;
  readonly faults: FaultDice;
  readonly bug: PlantedBug | undefined;
  /** What the planted bug remembers from life to life. */
  readonly bugMemory: Set<string>;
  readonly isStoreAway: () => boolean;
  readonly onSubmit: (order: WireOrder, life: Life) => void;
  readonly onTrouble: (what: string, life: Life) => void;
  readonly note: (line: string) => void;
}

/** One of the processes that run the bots, with its present life. */
export class TradingProcess {
  readonly name: string;
  readonly #setup: ProcessSetup;
  #life: Life | undefined;
  #gateway: ScriptedGateway | undefined;
  #stop: (() => Promise<void>) | undefined;
  #lives = 0;

  constructor(name: string, setup: ProcessSetup) {
    this.name = name;
    this.#setup = setup;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  /** As the program starts: the account first, then the bots. */
  start(): void {
    this.#lives += 1;
    const life = new Life(`${this.name}#${this.#lives}`, this.#setup.world, this.#setup.faults.drawSkew());
    this.#life = life;
    this.#setup.note(`${life.name} starts`);
    life.deliver(() => {
      this.#boot(life).catch((thrown: unknown) => {
        if (!life.isDead) this.#setup.onTrouble(`could not start: ${messageOf(thrown)}`, life);
      });
    });
  }

  /** As kill -9 does. What has left already goes on. */
  kill(): void {
    if (this.#life === undefined) return;
    this.#setup.note(`${this.#life.name} is killed`);
    this.#life.kill();
    this.#life = undefined;
    this.#stop = undefined;
    void this.#gateway?.close();
    this.#gateway = undefined;
  }

  /** As a first Ctrl+C does: it ends when it has stopped, or is killed after so long. */
  shutDown(withinMs: number, onEnd: () => void): void {
    const life = this.#life;
    if (life === undefined || this.#stop === undefined) return;
    const stop = this.#stop;
    this.#stop = undefined;
    this.#setup.note(`${life.name} is told to stop`);
    const end = (): void => {
      if (this.#life !== life) return;
      this.kill();
      onEnd();
    };
    life.deliver(() => {
      stop().then(end, (thrown: unknown) => this.#setup.onTrouble(`could not stop: ${messageOf(thrown)}`, life));
    });
    this.#setup.world.after(withinMs, end);
  }

  disconnect(durationMs: number): void {
    this.#gateway?.disconnect('the line broke', durationMs);
  }

  setUnreachable(isUnreachable: boolean): void {
    if (this.#gateway) this.#gateway.isUnreachable = isUnreachable;
  }

  async #boot(life: Life): Promise<void> {
    const { specs, memory, world, faults, bug, bugMemory, onSubmit } = this.#setup;
    const logger = this.#logger(life);
    // Giving way to input and output is not of this world: its bus never does.
    const busClock = { ...life.clock, monotonic: () => 0 as never };
    const ownBus = new InProcessBus({ clock: busClock, logger, memory });
    const bus = distantBus(ownBus, life, this.#setup, () => faults.topicIsLost());
    this.#gateway = new ScriptedGateway(this.#setup.gateway);
    const own = ownGateway(this.#gateway, life, (order) => onSubmit(order, life));
    const gateway = bug?.gateway?.(own, bugMemory) ?? own;
    const distant = distantStore(this.#setup.store, life, this.#setup, this.#setup.isStoreAway);
    const store = bug?.store?.(distant, life, world) ?? distant;
    const parts = { bus, clock: life.clock, logger };
    const account = new AccountLink(specs, {
      ...parts,
      gateway,
      holdingsBesides: (present) => holdingsBesides(store, specs, present),
    });
    const venueOf = () => () => {
      throw new InvariantError('A bot with an account has no simulated venue');
    };
    const manager = new BotManager(
      specs,
      { ...parts, store, account, venueOf, marketDelayMs: 1_000 },
      { owner: life.name },
    );
    await account.start();
    this.#stop = async () => {
      await manager.stop();
      await account.stop();
    };
    await manager.start();
  }

  /** What a sound program never says is trouble. */
  #logger(life: Life): Logger {
    const heard = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (life.isDead) return;
      this.#setup.note(`${life.name} ${level}: ${message} ${JSON.stringify(fields)}`);
      if (level === 'error' && !isExpected(message, fields)) {
        this.#setup.onTrouble(`${message} ${JSON.stringify(fields)}`, life);
      }
    };
    return {
      debug: () => {},
      info: (message, fields) => heard('info', message, fields),
      warn: (message, fields) => heard('warn', message, fields),
      error: (message, fields) => heard('error', message, fields),
    };
  }
}

/** What may be said as an error though all is done right: doubts last while nobody answers, and a store may be away. */
function isExpected(message: string, { error }: Readonly<Record<string, unknown>>): boolean {
  if (message === 'an order is still in doubt') return true;
  return message === 'the account could not be reconciled' && String(error).includes('UNREACHABLE');
}

async function holdingsBesides(store: BotStore, specs: readonly SessionSpec[], present: ReadonlySet<string>) {
  const absent = new Map(specs.filter(({ botId }) => !present.has(botId)).map((one) => [one.botId, one.currency]));
  const statuses = await store.botStatuses();
  return statuses
    .filter(({ botId }) => absent.has(botId))
    .map((status) => holdingsOfStatus(status, absent.get(status.botId)!));
}
