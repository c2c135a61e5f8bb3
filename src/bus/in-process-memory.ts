import { isPattern, patternMatcher } from './channel-pattern.ts';
import { InProcessLog } from './in-process-log.ts';
import type { Subscription } from './subscription.ts';

interface Sent {
  readonly targets: readonly Subscription[];
  readonly channel: string;
  readonly text: string;
}

/** Channels whose listeners are remembered; beyond, the memory starts anew. */
const REMEMBERED_CHANNELS = 10_000;

/** What stands in for the server: the logs, and who listens to what. */
export class InProcessMemory {
  readonly #logs = new Map<string, InProcessLog>();
  readonly #subscriptions = new Map<Subscription, (channel: string) => boolean>();
  readonly #targets = new Map<string, readonly Subscription[]>();
  readonly #sent: Sent[] = [];

  log(name: string): InProcessLog {
    let log = this.#logs.get(name);
    if (!log) {
      log = new InProcessLog();
      this.#logs.set(name, log);
    }
    return log;
  }

  add(subscription: Subscription): void {
    const { channel } = subscription;
    this.#subscriptions.set(subscription, isPattern(channel) ? patternMatcher(channel) : (name) => name === channel);
    this.#targets.clear();
  }

  remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    this.#targets.clear();
  }

  /** Hands a message to who listens now, after the caller has returned, in the order of calls. */
  send(channel: string, text: string): void {
    const targets = this.#targets.get(channel) ?? this.#findTargets(channel);
    if (targets.length === 0) return;
    this.#sent.push({ targets, channel, text });
    if (this.#sent.length === 1) queueMicrotask(() => this.#deliver());
  }

  #findTargets(channel: string): readonly Subscription[] {
    const targets: Subscription[] = [];
    for (const [subscription, matches] of this.#subscriptions) if (matches(channel)) targets.push(subscription);
    if (this.#targets.size >= REMEMBERED_CHANNELS) this.#targets.clear();
    this.#targets.set(channel, targets);
    return targets;
  }

  /** Also what handlers send meanwhile. */
  #deliver(): void {
    for (let index = 0; index < this.#sent.length; index++) {
      const { targets, channel, text } = this.#sent[index]!;
      for (const subscription of targets) subscription.deliver(channel, text);
    }
    this.#sent.length = 0;
  }
}
