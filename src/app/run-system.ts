import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { EventBus } from '../bus/event-bus.ts';
import { type Clock, systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import {
  type ComposedSystem,
  composeSystem,
  openBus,
  openStore,
  type Surroundings,
  setCandleFilesAside,
  setStoreAside,
} from './compose.ts';
import { armCrashPointOfEnvironment } from './config-crash-point.ts';
import type { Configuration } from './configuration.ts';
import { openLogger } from './logging.ts';
import type { EndReason, Role, System } from './system.ts';
import type { SystemOutcome, SystemRequest } from './system-request.ts';

const VIEW_EVERY_MS = 250;
const STOP_WITHIN_MS = 7_000;
const ALL_ROLES: readonly Role[] = ['collector', 'bots', 'recorder'];

/**
 * Runs the system, or one role of it, until it is done, its time is over, or it is told to stop; then stops it well.
 *
 * @param clock the system's time: candles, deadlines, ages, stamps
 * @param wallClock the time of people and of this machine: how long to run, the view, the bus. Another one only on a
 *   simulated exchange whose market runs faster than the world.
 */
export async function runSystem(
  request: SystemRequest,
  clock: Clock = systemClock,
  wallClock: Clock = clock,
): Promise<SystemOutcome> {
  const { role } = request;
  armCrashPointOfEnvironment();
  const configuration = withSpeed(request.configuration, request.speed);
  checkRole(configuration, role);
  const { logger, close: closeLog } = openLogger(configuration.logging);
  try {
    return await runLogged(request, configuration, { clock, logger }, wallClock);
  } finally {
    await closeLog();
  }
}

async function runLogged(
  request: SystemRequest,
  configuration: Configuration,
  surroundings: Surroundings,
  wallClock: Clock,
): Promise<SystemOutcome> {
  const { role, onNotice } = request;
  // The bus first: where none answers, no record is put aside for nothing.
  const bus = await openBus(configuration, { ...surroundings, clock: wallClock });
  try {
    await prepareStore(request, surroundings);
    const composed = await composeSystem({
      configuration,
      bus,
      roles: new Set(role === 'all' ? ALL_ROLES : [role]),
      // Unique for each life of the process: a lease that its predecessor holds must run out, or be given back, first.
      processName: `${role}@${hostname()}/${randomUUID().slice(0, 8)}`,
      ...surroundings,
      ...(request.account && { account: request.account }),
      ...(onNotice && { onNotice }),
      ...(request.resumedBots && { resumedBots: request.resumedBots }),
    });
    try {
      return await runComposed(request, composed, bus, wallClock);
    } finally {
      await composed.close();
    }
  } finally {
    await bus.close();
  }
}

async function runComposed(
  request: SystemRequest,
  { system, store }: ComposedSystem,
  bus: EventBus,
  clock: Clock,
): Promise<SystemOutcome> {
  const stopper = new AbortController();
  let overtime = false;
  // Without a bus everyone stops: what waits for a server that is away would wait for ever, for the store's too.
  const giveUp = (): void => {
    store.interrupt();
    void bus.close();
  };
  let isStarting = true;
  let cancelGiveUp: (() => void) | undefined;
  const stop = (): void => {
    stopper.abort();
    if (!isStarting) return;
    cancelGiveUp ??= clock.after(STOP_WITHIN_MS, giveUp);
    void system.cancelStart();
  };
  request.signal.addEventListener('abort', stop, { once: true });
  if (request.signal.aborted) stop();
  const cancelView = request.onView && clock.every(VIEW_EVERY_MS, () => request.onView?.(system.view()));
  let reason: EndReason;
  let cancelDuration: (() => void) | undefined;
  try {
    await started(system, stopper.signal);
    isStarting = false;
    cancelDuration =
      request.durationMs === undefined
        ? undefined
        : clock.after(request.durationMs, () => {
            overtime = true;
            stop();
          });
    reason = await system.untilDone(stopper.signal, request.untilEnd);
  } finally {
    cancelDuration?.();
    cancelView?.();
    request.signal.removeEventListener('abort', stop);
    cancelGiveUp?.();
    const cancelWait = clock.after(STOP_WITHIN_MS, giveUp);
    await system.stop().finally(cancelWait);
  }
  request.onView?.(system.view());
  return {
    reason: system.failures.length > 0 ? 'failed' : overtime && reason === 'stopped' ? 'duration' : reason,
    statuses: await system.statuses(),
    candles: system.candles,
    elapsedMs: system.monitor.elapsedMs,
    firstTradeAfterMs: system.monitor.firstFillAfterMs,
    view: system.view(),
    failures: system.failures,
  };
}

/** A start that was told to stop may fail by what it waits for. */
async function started(system: System, signal: AbortSignal): Promise<void> {
  try {
    await system.start();
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

function withSpeed(configuration: Configuration, speed: number | null): Configuration {
  return { ...configuration, market: { ...configuration.market, speed } };
}

/** One role alone speaks to the others over Redis and shares their store; in memory it would be alone for ever. */
function checkRole({ bus }: Configuration, role: SystemRequest['role']): void {
  if (role === 'all') return;
  if (bus.kind !== 'redis') {
    throw new UserError(
      `--role ${role} needs a bus that other processes share: set bus.url to a Redis, such as redis://127.0.0.1:6379.`,
    );
  }
}

/**
 * A replay that ran to its end begins anew at the next start, and so does one with `--fresh`; what was recorded is put
 * aside, not deleted. One that was interrupted goes on.
 */
async function prepareStore(request: SystemRequest, surroundings: Surroundings): Promise<void> {
  const { configuration, fresh, role, onNotice } = request;
  const { store } = configuration;
  if (role !== 'all') {
    if (fresh)
      throw new UserError(
        '--fresh works with one process only; for several, name a new store.schema and bus.keyPrefix.',
      );
    return;
  }
  if (store.kind !== 'embedded') {
    if (fresh)
      throw new UserError('--fresh works with the embedded store only; for PostgreSQL, name a new store.schema.');
    return;
  }
  if (!existsSync(store.path)) return;
  const why = fresh ? 'as --fresh asks' : await replayIsOver(configuration, surroundings);
  if (why === undefined) return;
  const stamp = new Date(surroundings.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const aside = await setStoreAside(store.path, stamp);
  const { record, market } = configuration;
  if (record.csv !== null) await setCandleFilesAside(record.csv, market.symbols, stamp);
  if (aside) onNotice?.(`Starting anew, ${why}; the earlier record is kept in ${aside}.`);
}

/** Why the recorded run needs no resuming, in words; `undefined` when it does. */
async function replayIsOver(configuration: Configuration, surroundings: Surroundings): Promise<string | undefined> {
  const opened = await openStore(configuration, surroundings);
  try {
    const statuses = new Map((await opened.botStatuses()).map((status) => [status.botId, status.lifecycle]));
    for (const { id } of configuration.bots) {
      const lifecycle = statuses.get(id);
      if (lifecycle !== 'finished' && lifecycle !== 'failed') return undefined;
      // Killed at the very end: the audit log is still to be completed.
      if ((await opened.outbox(id)).length > 0) return undefined;
    }
    return configuration.bots.length > 0 ? 'because the last replay ran to its end' : undefined;
  } finally {
    await opened.close();
  }
}
