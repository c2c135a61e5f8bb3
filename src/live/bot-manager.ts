import type { Unsubscribe } from '../bus/event-bus.ts';
import { type BotCommand, topics } from '../bus/topics.ts';
import type { BotLifecycle, BotStatus } from '../domain/event.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { CancelTimer } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Lease, LeaseStore } from '../store/store.ts';
import { type StoreFault, StoreUnavailableError } from '../store/store-error.ts';
import { Bot, type BotParts } from './bot.ts';
import { BotSuperseded } from './bot-commits.ts';

export interface BotManagerParts extends Omit<BotParts, 'venue' | 'store'> {
  readonly store: BotParts['store'] & LeaseStore;
  /** The venue of a bot: its matching engine, with the bot's own costs. */
  readonly venueOf: (spec: SessionSpec) => BotParts['venue'];
}

export interface BotManagerOptions {
  /** This process among those that run bots. */
  readonly owner: string;
  readonly leaseMs?: number;
  /** Bots that were halted and are to trade again, once they are taken up here. */
  readonly resumed?: readonly string[];
}

interface RunningBot {
  readonly bot: Bot;
  readonly lease: Lease;
  /** Rejects where it could not start. */
  readonly started: Promise<void>;
  /** Never rejects. */
  readonly done: Promise<void>;
}

const DEFAULT_LEASE_MS = 5_000;
/** Of a lease: clocks of hosts may differ by the rest, a second of the default. */
const TRUSTED_SHARE = 0.8;
/** What ails a store for a while only. */
const TRANSIENT: ReadonlySet<StoreFault> = new Set(['BUSY', 'UNREACHABLE']);

/**
 * Runs bots, each under a lease from the store: several of these processes share the bots, and none runs twice. A bot
 * whose process died is taken over when its lease has run out. Hears `command.bot.start` and `command.bot.stop`.
 */
export class BotManager {
  readonly #parts: BotManagerParts;
  readonly #owner: string;
  readonly #leaseMs: number;
  readonly #specs: ReadonlyMap<string, SessionSpec>;
  readonly #running = new Map<string, RunningBot>();
  /** Those that an operator stopped, or that ended: they are not taken up again by themselves. */
  readonly #resting = new Map<string, BotLifecycle>();
  readonly #resumed: Set<string>;
  readonly #unsubscribe: Unsubscribe[] = [];
  #cancelTimer: CancelTimer | undefined;
  /** Looks come one after another: two at once would start a bot twice. */
  #lastLook: Promise<unknown> = Promise.resolve();
  #isLooking = false;
  #stopping = false;
  /** The first one that kept a bot from starting. */
  #mistake: UserError | undefined;
  /** Why bots could not be started or had to stop, for people. */
  readonly failures: string[] = [];
  /** A bot had to stop for a reason that is neither its strategy's nor another process's. */
  hasCrashed = false;

  constructor(specs: readonly SessionSpec[], parts: BotManagerParts, options: BotManagerOptions) {
    this.#specs = new Map(specs.map((spec) => [spec.botId, spec]));
    this.#parts = parts;
    this.#owner = options.owner;
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#resumed = new Set(options.resumed);
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#parts;
    const listen = async (
      name: 'bot.start' | 'bot.stop',
      act: (command: BotCommand) => Promise<void>,
    ): Promise<void> => {
      this.#unsubscribe.push(
        await bus.subscribe(
          topics.command(name),
          ({ payload }) => void act(payload).catch((thrown) => this.#report(payload.botId, thrown)),
        ),
      );
    };
    await listen('bot.start', ({ botId }) => this.#startByCommand(botId));
    await listen('bot.stop', ({ botId }) => this.stopBot(botId));
    await this.#startAll();
    this.#cancelTimer = clock.every(Math.ceil(this.#leaseMs / 3), () => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      void this.#look().finally(() => {
        this.#isLooking = false;
      });
    });
  }

  /** The bots that run in this process. */
  get activeBots(): readonly Bot[] {
    return [...this.#running.values()].map(({ bot }) => bot);
  }

  /** Whether every bot of the configuration has finished or failed, wherever it ran. */
  async allEnded(): Promise<boolean> {
    const statuses = new Map((await this.#parts.store.botStatuses()).map((status) => [status.botId, status.lifecycle]));
    return [...this.#specs.keys()].every((botId) => {
      const lifecycle = statuses.get(botId);
      return lifecycle === 'finished' || lifecycle === 'failed';
    });
  }

  async statuses(): Promise<readonly BotStatus[]> {
    return (await this.#parts.store.botStatuses()).filter((status) => this.#specs.has(status.botId));
  }

  /**
   * Ends a bot after the batch in hand, and keeps it from being taken up again here, wherever it runs: every process
   * hears the command, and the lease that one gives back must not be an invitation to the others.
   */
  async stopBot(botId: string): Promise<void> {
    if (!this.#specs.has(botId)) return;
    this.#resting.set(botId, 'stopped');
    const running = this.#running.get(botId);
    await running?.bot.stop();
    await running?.done;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelTimer?.();
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
    await this.#lastLook;
    await Promise.all([...this.#running.values()].map(({ bot }) => bot.stop()));
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** The first look. Resolves when all that could be started here has started; a user's mistake ends it all. */
  async #startAll(): Promise<void> {
    await this.#look();
    await Promise.allSettled([...this.#running.values()].map((running) => running.started));
    if (this.#mistake === undefined) return;
    await this.stop();
    throw this.#mistake;
  }

  async #startByCommand(botId: string): Promise<void> {
    if (!this.#specs.has(botId)) return;
    this.#resting.delete(botId);
    await this.#look();
  }

  /** Renews the leases of what runs here, and takes up what nobody runs. Never rejects. */
  #look(): Promise<void> {
    const look = this.#lastLook.then(async () => {
      try {
        await this.#renewLeases();
        await this.#takeUpFree();
      } catch (thrown) {
        this.#parts.logger.warn('the store did not answer for the leases', { error: messageOf(thrown) });
      }
    });
    this.#lastLook = look;
    return look;
  }

  async #renewLeases(): Promise<void> {
    const { store, clock } = this.#parts;
    for (const { bot, lease } of this.#running.values()) {
      const from = clock.now();
      // Its next commit would be refused; it says so when it ends.
      if (!(await store.renewLease(lease, this.#leaseMs, from))) await bot.stop();
      else bot.holdUntil(this.#heldUntil(from));
    }
  }

  async #takeUpFree(): Promise<void> {
    const { store, clock } = this.#parts;
    for (const spec of this.#specs.values()) {
      if (this.#stopping || this.#running.has(spec.botId) || this.#resting.has(spec.botId)) continue;
      const from = clock.now();
      const lease = await store.acquireLease(`bot/${spec.botId}`, this.#owner, this.#leaseMs, from);
      if (lease) this.#takeUp(spec, lease, this.#heldUntil(from));
    }
  }

  /** Others judge by their own clocks whether a lease has run out: this one trusts it for a part of the time only. */
  #heldUntil(from: number): number {
    return from + this.#leaseMs * TRUSTED_SHARE;
  }

  /** At once, so that no other look takes it up as well. */
  #takeUp(spec: SessionSpec, lease: Lease, heldUntil: number): void {
    const { bus, store, clock, logger, venueOf, account, marketDelayMs, latency } = this.#parts;
    const venue = venueOf(spec);
    const bot = new Bot(spec, { bus, store, clock, logger, venue, account, marketDelayMs, latency });
    bot.holdUntil(heldUntil);
    const started = bot.start(lease, { resumes: this.#resumed.delete(spec.botId) });
    this.#running.set(spec.botId, { bot, lease, started, done: this.#attend(bot, lease, started) });
  }

  async #attend(bot: Bot, lease: Lease, started: Promise<void>): Promise<void> {
    const { botId } = bot.spec;
    try {
      await started;
      this.#tell('bot.started', { botId, owner: this.#owner });
      await bot.run();
      if (bot.lifecycle !== 'stopped') this.#resting.set(botId, bot.lifecycle);
      if (bot.lifecycle === 'failed') this.failures.push(`${botId}: ${bot.status().reason}`);
    } catch (thrown) {
      this.#takeBlow(botId, thrown);
      await bot.stop();
    } finally {
      await this.#parts.store.releaseLease(lease).catch(() => {});
      this.#running.delete(botId);
      this.#tell('bot.ended', { botId, lifecycle: bot.lifecycle });
    }
  }

  /** A bot ended by an exception. Whoever gets the lease next goes on from its last commit. */
  #takeBlow(botId: string, thrown: unknown): void {
    if (thrown instanceof StoreUnavailableError && TRANSIENT.has(thrown.code)) {
      const { logger } = this.#parts;
      logger.warn('a bot waits for the store and will go on from its last commit', { botId, error: thrown.message });
      return;
    }
    if (thrown instanceof BotSuperseded) {
      // Another process took it over while this one slept or was cut off: the bot itself goes on, so nothing has failed.
      this.#tell('bot.superseded', { botId, owner: this.#owner, reason: thrown.message });
      return;
    }
    this.#report(botId, thrown);
    this.#resting.set(botId, 'failed');
    if (thrown instanceof UserError) this.#mistake ??= thrown;
    else this.hasCrashed = true;
  }

  #report(botId: string, thrown: unknown): void {
    this.failures.push(`${botId}: ${messageOf(thrown)}`);
    this.#parts.logger.error('a bot had to stop', { botId, error: messageOf(thrown) });
  }

  #tell(type: string, details: Json): void {
    const { bus, clock, logger } = this.#parts;
    logger.info(type, details as Record<string, unknown>);
    bus
      .publish(topics.systemEvents, { type, source: this.#owner, time: clock.now(), details })
      .catch((thrown: unknown) => {
        logger.warn('an event was not published', { type, error: messageOf(thrown) });
      });
  }
}
