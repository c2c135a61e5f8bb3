import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { DEFAULT_RECLAIM_AFTER_MS, type Delivery, type GroupMember } from './consumer-loop.ts';
import type { ConsumeOptions, LogPosition } from './event-bus.ts';
import type { Group, InProcessLog, PendingEntry } from './in-process-log.ts';

/** A consumer's place in a group of a log in memory. */
export class InProcessMember implements GroupMember {
  readonly #log: InProcessLog;
  readonly #deadLetters: InProcessLog;
  readonly #options: ConsumeOptions;
  readonly #reclaimAfter: number;
  readonly #clock: Clock;
  readonly #group: Group;
  #interrupted = false;
  #wake: (() => void) | undefined;

  constructor(log: InProcessLog, deadLetters: InProcessLog, options: ConsumeOptions, clock: Clock) {
    this.#log = log;
    this.#deadLetters = deadLetters;
    this.#options = options;
    this.#reclaimAfter = options.reclaimAfterMs ?? DEFAULT_RECLAIM_AFTER_MS;
    this.#clock = clock;
    this.#group = log.join(options.group);
  }

  async join(): Promise<boolean> {
    return false;
  }

  async unfinished(): Promise<Delivery | undefined> {
    for (const [number, pending] of this.#group.pending) {
      if (pending.consumer === this.#options.consumer) return this.#again(number, pending);
    }
    return undefined;
  }

  async reclaim(): Promise<Delivery | undefined> {
    const before = this.#clock.monotonic() - this.#reclaimAfter;
    for (const [number, pending] of this.#group.pending) {
      if (pending.since <= before && pending.consumer !== this.#options.consumer) return this.#again(number, pending);
    }
    return undefined;
  }

  async next(): Promise<readonly Delivery[]> {
    if (this.#group.next >= this.#log.end && !this.#interrupted) await this.#somethingNew();
    if (this.#interrupted) return [];
    const group = this.#group;
    const until = Math.min(group.next + this.#options.batchSize, this.#log.end);
    const since = this.#clock.monotonic();
    const { consumer } = this.#options;
    const batch: Delivery[] = [];
    for (let number = group.next; number < until; number++) {
      group.pending.set(number, { consumer, since, deliveries: 1 });
      batch.push({ position: `${number}`, text: this.#log.text(number), deliveries: 1 });
    }
    group.next = until;
    return batch;
  }

  async acknowledge(positions: readonly LogPosition[]): Promise<void> {
    for (const position of positions) this.#group.pending.delete(Number(position));
  }

  async bury(delivery: Delivery): Promise<void> {
    this.#deadLetters.append(delivery.text);
    this.#deadLetters.announce();
    await this.acknowledge([delivery.position]);
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#wake?.();
  }

  async leave(): Promise<void> {
    this.interrupt();
  }

  #again(number: number, pending: PendingEntry): Delivery {
    pending.consumer = this.#options.consumer;
    pending.since = this.#clock.monotonic();
    pending.deliveries++;
    return { position: `${number}`, text: this.#log.text(number), deliveries: pending.deliveries };
  }

  /** Until an entry is appended, another consumer's entry is old enough to be taken over, or an interruption. */
  #somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      let cancel: CancelTimer | undefined;
      const wake = (): void => {
        cancel?.();
        this.#group.waiting.delete(wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      this.#group.waiting.add(wake);
      const delay = this.#nextReclaim();
      if (delay !== undefined) cancel = this.#clock.after(delay, wake);
    });
  }

  /** How long until another consumer's oldest unacknowledged entry may be taken over. */
  #nextReclaim(): number | undefined {
    let oldest: number | undefined;
    for (const pending of this.#group.pending.values()) {
      if (pending.consumer === this.#options.consumer) continue;
      if (oldest === undefined || pending.since < oldest) oldest = pending.since;
    }
    return oldest === undefined ? undefined : Math.max(0, oldest + this.#reclaimAfter - this.#clock.monotonic());
  }
}
