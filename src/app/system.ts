import type { EventBus } from '../bus/event-bus.ts';
import type { BotStatus } from '../domain/event.ts';
import type { SessionSpec, VenueFactory } from '../engine/open-session.ts';
import { type Clock, sleep } from '../foundation/clock.ts';
import { InvariantError, messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { BotManager } from '../live/bot-manager.ts';
import { Collector, type CollectorOptions } from '../live/collector.ts';
import type { LatencyBoard } from '../live/latency-board.ts';
import type { AccountLink } from '../live/orders/account-link.ts';
import { Recorder, type RecorderOptions, type RecorderParts } from '../live/recorder.ts';
import { SystemMonitor } from '../live/system-monitor.ts';
import { warmUp } from '../live/warm-up.ts';
import type { MarketDataFeed } from '../market/market-data.ts';
import type { LiveView } from '../protocol/live-view.ts';
import type { Store } from '../store/store.ts';
import { StoreUnavailableError } from '../store/store-error.ts';
import { liveConnection, livePrice } from './market-watch.ts';

export type Role = 'collector' | 'bots' | 'recorder' | 'server';

/** The parts of a running system, whichever they are: real or simulated, in one process or in many. */
export interface SystemParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bus: EventBus;
  readonly store: Store;
  /** What this process does. */
  readonly roles: ReadonlySet<Role>;
  readonly bots: readonly SessionSpec[];
  /** Bots that were halted and are to trade again. */
  readonly resumedBots?: readonly string[];
  readonly venueOf: (spec: SessionSpec) => VenueFactory;
  /** The account at a venue outside; `undefined` on paper. */
  readonly account?: AccountLink | undefined;
  /** What orders go to, for people; absent on paper. */
  readonly accountName?: { readonly name: string; readonly isReal: boolean };
  /** Of a live market: how late its source is known to be; `undefined` for a replay. */
  readonly marketDelayMs?: number | undefined;
  /** Of a live market: where latencies are noted. */
  readonly latency?: LatencyBoard | undefined;
  /** Needed by the collector only. */
  readonly provider?: MarketDataFeed;
  /** How much of a replay lies before a market time, 0 … 1. */
  readonly progress?: (marketTime: number) => number;
  readonly speed: number | null;
  readonly collector: CollectorOptions;
  readonly recorder: Omit<RecorderOptions, 'consumer'>;
  readonly candleFiles?: NonNullable<RecorderParts['candleFiles']>;
  /** A price that is older than this, in real time, is called stale (S4-68). */
  readonly staleAfterMs: number;
  /** Tells this process from others of the same role. */
  readonly processName: string;
  /** The server role: starts it, and gives what stops it. */
  readonly startServer?: () => Promise<() => Promise<void>>;
}

export type EndReason = 'end' | 'stopped' | 'failed';

const LOOK_EVERY_MS = 50;
/** So often a stop looks whether the recorder has written everything. */
const DRAIN_LOOKS = 100;

/**
 * The running system: starts its roles in the order in which they must be ready, and stops them in the order in which
 * nothing is lost: source first, then those who trade, then the recorder when it has written everything.
 */
export class System {
  readonly monitor: SystemMonitor;
  readonly failures: string[] = [];
  readonly #parts: SystemParts;
  readonly #recorder: Recorder | undefined;
  readonly #bots: BotManager | undefined;
  readonly #collector: Collector | undefined;
  #stopServer: (() => Promise<void>) | undefined;
  #sourceEnded = false;
  #isUnsure = false;
  #isCancelled = false;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    const { roles, processName } = parts;
    this.monitor = new SystemMonitor(parts.bus, parts.clock, parts);
    if (roles.has('recorder')) this.#recorder = new Recorder(parts, { ...parts.recorder, consumer: processName });
    if (roles.has('bots'))
      this.#bots = new BotManager(parts.bots, parts, { owner: processName, resumed: parts.resumedBots ?? [] });
    if (roles.has('collector') && parts.provider) {
      this.#collector = new Collector({ ...parts, provider: parts.provider }, parts.collector);
    }
  }

  /** Ends a {@link start} that waits for a venue outside. The system is to be stopped then. */
  async cancelStart(): Promise<void> {
    this.#isCancelled = true;
    await this.#parts.account?.stop();
  }

  async start(): Promise<void> {
    const { bots, collector, startServer, roles, latency, marketDelayMs } = this.#parts;
    latency?.start();
    await this.monitor.start(
      collector.symbols,
      bots.map((spec) => spec.botId),
    );
    if (roles.has('server')) this.#stopServer = await startServer?.();
    await this.#recorder?.start();
    if (this.#bots) await this.#parts.account?.start();
    if (this.#isCancelled) return;
    // A replay has time, and its first decisions are no later than the others.
    if (this.#bots && marketDelayMs !== undefined) await warmUp(bots, this.#parts);
    await this.#bots?.start();
    if (!this.#collector) return;
    await this.#collector.start();
    this.#collector.finished.then(
      (failure) => {
        if (failure) this.failures.push(messageOf(failure));
        this.#sourceEnded = true;
      },
      () => {},
    );
  }

  /**
   * Waits until this process has nothing more to do (the market has ended and everything that came of it is recorded),
   * or until `signal` says stop. Without `untilEnd` only the signal ends it.
   */
  async untilDone(signal: AbortSignal, untilEnd: boolean): Promise<EndReason> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      if (this.failures.length > 0 || this.#bots?.hasCrashed || this.#recorder?.failure) return 'failed';
      if (untilEnd && (await this.#isSurelyDone())) return 'end';
      await sleep(clock, LOOK_EVERY_MS);
    }
    return 'stopped';
  }

  async stop(): Promise<void> {
    await this.#collector?.stop();
    await this.#bots?.stop();
    await this.#parts.account?.stop();
    await this.#drainRecorder();
    await this.#recorder?.stop();
    if (this.#recorder?.failure) this.failures.push(this.#recorder.failure.message);
    await this.#stopServer?.();
    this.failures.push(...(this.#bots?.failures ?? []));
    await this.#parts.latency?.stop();
    await this.monitor.stop();
  }

  async statuses(): Promise<readonly BotStatus[]> {
    const known = new Set(this.#parts.bots.map((spec) => spec.botId));
    return (await this.#parts.store.botStatuses()).filter((status) => known.has(status.botId));
  }

  get candles(): number {
    return this.#collector?.counts.candles ?? this.#recorder?.candles ?? 0;
  }

  view(): LiveView {
    const { provider, speed, progress, clock, account, accountName } = this.#parts;
    const { monitor } = this;
    const now = clock.now();
    return {
      source: provider?.name ?? 'bus',
      account: accountName ? { ...accountName, trouble: account?.haltReason ?? null } : null,
      speed,
      progress: monitor.marketTime === null ? null : (progress?.(monitor.marketTime) ?? null),
      marketTime: monitor.marketTime,
      elapsedMs: monitor.elapsedMs,
      prices: monitor.prices.all().map((price) => livePrice(price, monitor.prices)),
      connections: monitor.prices.connections().map((connection) => liveConnection(connection, now)),
      bots: monitor.statuses(),
      lastFills: monitor.lastFills(),
      equity: monitor.equity(),
      events: [...this.failures, ...monitor.events()],
    };
  }

  /** A store or a bus that is away can't say: then it is not done yet. */
  async #isSurelyDone(): Promise<boolean> {
    try {
      const isDone = await this.#isDone();
      this.#isUnsure = false;
      return isDone;
    } catch (thrown) {
      if (thrown instanceof InvariantError || (thrown instanceof StoreUnavailableError && !thrown.isPassing))
        throw thrown;
      if (!this.#isUnsure) {
        this.#parts.logger.warn('it can not be seen whether all is done; looking again', { error: messageOf(thrown) });
      }
      this.#isUnsure = true;
      return false;
    }
  }

  async #isDone(): Promise<boolean> {
    const { roles } = this.#parts;
    if (roles.has('collector') && !this.#sourceEnded) return false;
    if ((roles.has('bots') || roles.has('recorder')) && !(await this.#allBotsEnded())) return false;
    if (!this.#recorder) return true;
    // A recorder that was restarted may have acknowledged the end in its last life; bots that have ended saw it too.
    const hasSeenEnd = this.#recorder.ended || this.#parts.bots.length > 0;
    return hasSeenEnd && (await this.#recorder.backlog()) === 0;
  }

  async #allBotsEnded(): Promise<boolean> {
    const statuses = new Map((await this.statuses()).map((status) => [status.botId, status.lifecycle]));
    return this.#parts.bots.every((spec) => {
      const lifecycle = statuses.get(spec.botId);
      return lifecycle === 'finished' || lifecycle === 'failed';
    });
  }

  /** What is in the logs when everyone else has stopped is written before the recorder goes. */
  async #drainRecorder(): Promise<void> {
    if (!this.#recorder || !this.#parts.roles.has('bots')) return;
    try {
      for (let tries = 0; tries < DRAIN_LOOKS && !this.#recorder.failure; tries++) {
        if ((await this.#recorder.backlog()) === 0) return;
        await sleep(this.#parts.clock, LOOK_EVERY_MS);
      }
    } catch (thrown) {
      // What is not recorded now is collected again, or still in the outbox.
      this.#parts.logger.warn('stopping with entries that are not recorded yet', { error: messageOf(thrown) });
    }
  }
}
