import type { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock } from '../foundation/clock.ts';
import { invariant, messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { settledWithin } from './settled-within.ts';
import {
  type AbortReason,
  DEFAULT_RETRIES,
  type RetryTerms,
  type WorkerHandle,
  type WorkHandler,
  type WorkJob,
  type WorkOptions,
  type WorkProgress,
  type WorkQueue,
} from './work-queue.ts';

export interface RedisWorkQueueOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` over TLS. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Begins every key, so that several systems can share one Redis (default none). */
  readonly keyPrefix?: string;
  readonly retries?: RetryTerms;
  /** A job whose worker was not heard of for so long is given to another. Default 10,000 ms. */
  readonly lockMs?: number;
}

const QUEUE = 'sweeps';
const ADD_AT_ONCE = 1_000;
/** So often a job may be taken from a worker that died or froze; after that it is the job that kills them. */
const STALLS_ALLOWED = 10;
/** So often a worker looks whether what it runs was cancelled. */
const LOOK_EVERY_MS = 400;
/** A cancellation that is older is known from the store only. */
const CANCELLATION_LASTS_S = 86_400;
/** BullMQ waits for jobs by commands that block for up to 10 s. */
const SILENCE_LIMIT_MS = 15_000;
/** How long a worker that closes may still speak with Redis. */
const FAREWELL_MS = 2_000;

/**
 * ADAPTER: the work queue over Redis 6.2 or newer, by BullMQ 6. Throws a UserError where no Redis answers, or where it
 * refuses us. Once connected it survives the server's absence: calls wait for it, and workers go on by themselves.
 *
 * What of BullMQ matters here: a job id that is in the queue, failed ones included, is not added twice
 * (addStandardJob.lua); a job that has succeeded is removed, so that Redis does not grow and a result that was lost from
 * the store can be had again; the job of a worker whose lock ran out is found by any other worker within
 * `lockMs` + half of it (moveStalledJobsToWait.lua) and counts as stalled, not as an attempt; its events may be lost and
 * are not used. It can abort jobs in its own process only, so that cancellations are told by a key that workers look at.
 */
export async function connectRedisWorkQueue(options: RedisWorkQueueOptions): Promise<WorkQueue> {
  const { clock, logger, url } = options;
  const { commands } = await connectRedis(url, clock, logger);
  const bullmq = await import('bullmq');
  const prefix = `${options.keyPrefix ?? ''}work`;
  const queue = new bullmq.Queue(QUEUE, {
    connection: commands.redis,
    prefix,
    streams: { events: { maxLen: 100 } },
  });
  queue.on('error', (error) => logger.debug('work queue', { error: messageOf(error) }));
  await queue.waitUntilReady();
  return new RedisWorkQueue(options, { bullmq, queue, commands, prefix });
}

interface Parts {
  readonly bullmq: typeof import('bullmq');
  readonly queue: Queue;
  readonly commands: RedisConnection;
  readonly prefix: string;
}

class RedisWorkQueue implements WorkQueue {
  readonly #options: RedisWorkQueueOptions;
  readonly #parts: Parts;
  readonly #retries: RetryTerms;
  readonly #workers = new Set<RedisWorker>();

  constructor(options: RedisWorkQueueOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#retries = options.retries ?? DEFAULT_RETRIES;
  }

  async add(jobs: readonly WorkJob[]): Promise<void> {
    const { queue, commands } = this.#parts;
    const { attempts, retryAfterMs } = this.#retries;
    for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
      const some = jobs.slice(from, from + ADD_AT_ONCE).map((job) => ({
        name: 'chunk',
        data: { group: job.group, number: job.number },
        opts: {
          jobId: idOf(job),
          attempts,
          backoff: { type: 'fixed', delay: retryAfterMs },
          removeOnComplete: true,
          stackTraceLimit: 0,
        },
      }));
      await commands.request(() => queue.addBulk(some));
    }
  }

  work(options: WorkOptions, handle: WorkHandler): WorkerHandle {
    const worker = new RedisWorker(this.#options, this.#parts, options, handle);
    this.#workers.add(worker);
    return {
      close: async (withinMs) => {
        await worker.close(withinMs);
        this.#workers.delete(worker);
      },
    };
  }

  async progress(group: string): Promise<WorkProgress> {
    const { queue, commands } = this.#parts;
    // In this order: a job that moves on meanwhile is then seen twice rather than not at all.
    const [waiting, running, failed] = await commands.request(async () => [
      await queue.getRanges(['waiting', 'delayed'], 0, -1),
      await queue.getRanges(['active'], 0, -1),
      await queue.getRanges(['failed'], 0, -1),
    ]);
    return {
      waiting: numbersOf(group, waiting!),
      running: numbersOf(group, running!),
      failed: await Promise.all(
        numbersOf(group, failed!).map(async (number) => {
          const job = await commands.request(() => queue.getJob(idOf({ group, number })));
          return { number, message: job?.failedReason ?? 'taken back meanwhile' };
        }),
      ),
    };
  }

  async cancel(group: string): Promise<void> {
    const { commands, prefix } = this.#parts;
    const key = cancellationKey(prefix, group);
    await commands.request((redis) => redis.set(key, '1', 'EX', CANCELLATION_LASTS_S));
    await this.#remove(group, ['waiting', 'delayed', 'failed']);
  }

  async allow(group: string): Promise<void> {
    const { commands, prefix } = this.#parts;
    await commands.request((redis) => redis.del(cancellationKey(prefix, group)));
  }

  async forgetFailed(group: string): Promise<void> {
    await this.#remove(group, ['failed']);
  }

  /** One that has begun to run meanwhile is locked, and stays: its worker drops it if the group is cancelled. */
  async #remove(group: string, states: Parameters<Queue['getRanges']>[0]): Promise<void> {
    const { queue, commands } = this.#parts;
    const ids = await commands.request(() => queue.getRanges(states, 0, -1));
    for (const number of numbersOf(group, ids)) {
      await commands.request(() => queue.remove(idOf({ group, number })));
    }
  }

  async close(): Promise<void> {
    const { queue, commands } = this.#parts;
    await Promise.all([...this.#workers].map((worker) => worker.close(0)));
    await settledWithin(this.#options.clock, queue.close(), FAREWELL_MS);
    commands.close();
  }
}

interface Running {
  readonly group: string;
  readonly controller: AbortController;
}

/** One process's share of the work. */
class RedisWorker {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #parts: Parts;
  readonly #handle: WorkHandler;
  readonly #redis: Redis;
  readonly #worker: Worker;
  readonly #running = new Set<Running>();
  readonly #stopLooking: () => void;
  #closing: Promise<void> | undefined;

  constructor(options: RedisWorkQueueOptions, parts: Parts, { concurrency }: WorkOptions, handle: WorkHandler) {
    const lockDuration = options.lockMs ?? 10_000;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#parts = parts;
    this.#handle = handle;
    this.#redis = patientConnection(parts.commands.redis);
    this.#worker = new parts.bullmq.Worker(QUEUE, (job, token) => this.#process(job, token), {
      connection: this.#redis,
      prefix: parts.prefix,
      concurrency,
      lockDuration,
      stalledInterval: lockDuration / 2,
      maxStalledCount: STALLS_ALLOWED,
      drainDelay: 2,
      runRetryDelay: 500,
    });
    this.#worker.on('error', (error) => this.#logger.debug('work queue', { error: messageOf(error) }));
    this.#stopLooking = this.#clock.every(LOOK_EVERY_MS, () => void this.#abortCancelled());
  }

  close(withinMs: number): Promise<void> {
    this.#closing ??= this.#close(withinMs);
    return this.#closing;
  }

  async #close(withinMs: number): Promise<void> {
    const closed = this.#worker.close();
    await settledWithin(this.#clock, closed, withinMs);
    for (const { controller } of this.#running) controller.abort('closing' satisfies AbortReason);
    await settledWithin(this.#clock, closed, FAREWELL_MS);
    this.#stopLooking();
    this.#redis.disconnect();
  }

  async #process(job: import('bullmq').Job, token: string | undefined): Promise<void> {
    const { group, number } = job.data as WorkJob;
    invariant(idOf({ group, number }) === job.id, 'A job of another kind is in the queue', { id: job.id });
    if ((await this.#cancelledOf([group])).length > 0) return;
    const running = { group, controller: new AbortController() };
    const { signal } = running.controller;
    this.#running.add(running);
    try {
      await this.#handle({ group, number }, signal);
    } catch (error) {
      if (signal.reason === 'cancelled') return;
      if (!signal.aborted) throw error;
      await job.moveToWait(token);
      throw new this.#parts.bullmq.WaitingError();
    } finally {
      this.#running.delete(running);
    }
  }

  /** What can't be asked now is asked again at the next look. */
  async #abortCancelled(): Promise<void> {
    const groups = [...new Set([...this.#running].map(({ group }) => group))];
    if (groups.length === 0 || !this.#parts.commands.isReady) return;
    try {
      const cancelled = await this.#cancelledOf(groups);
      for (const { group, controller } of this.#running) {
        if (cancelled.includes(group)) controller.abort('cancelled' satisfies AbortReason);
      }
    } catch (error) {
      this.#logger.debug('work queue', { error: messageOf(error) });
    }
  }

  async #cancelledOf(groups: readonly string[]): Promise<readonly string[]> {
    const { commands, prefix } = this.#parts;
    const keys = groups.map((group) => cancellationKey(prefix, group));
    const marks = await commands.request((redis) => redis.mget(keys));
    return groups.filter((_, index) => marks[index] !== null);
  }
}

/** As BullMQ wants it of workers: a command waits for the server, as long as it takes, and is sent again. */
function patientConnection(redis: Redis): Redis {
  const connection = redis.duplicate({
    connectionName: 'tradewind-work',
    lazyConnect: false,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: true,
    socketTimeout: SILENCE_LIMIT_MS,
  });
  connection.on('error', () => {}); // BullMQ tells of it; without a listener of its own it would be printed.
  return connection;
}

function idOf({ group, number }: WorkJob): string {
  return `${group}/${number}`;
}

function numbersOf(group: string, ids: readonly string[]): number[] {
  const begin = `${group}/`;
  return ids.filter((id) => id.startsWith(begin)).map((id) => Number(id.slice(begin.length)));
}

function cancellationKey(prefix: string, group: string): string {
  return `${prefix}:cancelled:${group}`;
}
