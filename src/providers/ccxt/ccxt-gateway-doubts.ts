import type { GatewayListener } from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';
import { InvariantError } from '../../foundation/errors.ts';
import type { Pauses } from '../exchange/pauses.ts';
import type { VenueClock } from './ccxt-gateway-clock.ts';

/** What can be in doubt: whether anything is heard, whether requests are signed with the right time, and with a key. */
export type Doubt = 'stream' | 'clock' | 'key';

export interface AccountDoubtsOptions {
  readonly clock: Clock;
  readonly pauses: Pauses;
  readonly venueClock: VenueClock;
  /** Whether the exchange lets the key in, and it may trade and not withdraw. */
  readonly isKeyRight: () => Promise<boolean>;
  readonly listener: () => GatewayListener | undefined;
}

const CLOCK_EVERY_MS = 20_000;
/** While the clock or the key is in doubt it is looked at again after so long. */
export const CLOCK_AGAIN_MS = 2_000;
export const KEY_AGAIN_MS = 30_000;

/** What stands between an account and trading: told to the listener when the first doubt comes and the last one goes. */
export class AccountDoubts {
  readonly #options: AccountDoubtsOptions;
  readonly #reasons = new Map<Doubt, string>([['stream', 'the private stream was not opened']]);
  #isConnected = false;
  #isMeasuring = false;
  #isWatching = false;
  #stopWatch: (() => void) | undefined;

  constructor(options: AccountDoubtsOptions) {
    this.#options = options;
  }

  reason(doubt: Doubt): string | undefined {
    return this.#reasons.get(doubt);
  }

  /** From now on the clock is measured again and again, and doubts are looked into. */
  watch(): void {
    this.#isWatching = true;
    this.#stopWatch = this.#options.clock.every(CLOCK_EVERY_MS, () => void this.#checkClock());
  }

  close(): void {
    this.#isWatching = false;
    this.#stopWatch?.();
  }

  /** The exchange's word that a key or a time stamp is wrong. */
  raise(doubt: 'key' | 'clock', reason: string): void {
    if (this.#reasons.has(doubt) || !this.#isWatching) return;
    this.settle(doubt, reason);
    if (doubt === 'clock') void this.#checkClock();
    else void this.#later(KEY_AGAIN_MS, () => this.#checkKey());
  }

  /** @param reason why it is in doubt; `undefined` where it is not any more */
  settle(doubt: Doubt, reason: string | undefined): void {
    if (reason === undefined) this.#reasons.delete(doubt);
    else this.#reasons.set(doubt, reason);
    const isConnected = this.#reasons.size === 0;
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    const listener = this.#options.listener();
    if (isConnected) listener?.connected();
    else listener?.disconnected([...this.#reasons.values()].join('; '));
  }

  async #checkClock(): Promise<void> {
    if (this.#isMeasuring || !this.#isWatching) return;
    this.#isMeasuring = true;
    try {
      const verdict = await this.#options.venueClock.measure();
      this.settle('clock', verdict.kind === 'sound' ? undefined : verdict.reason);
    } catch (thrown) {
      // The exchange did not answer: the last measure stands, and so does a doubt.
      if (thrown instanceof InvariantError) throw thrown;
    } finally {
      this.#isMeasuring = false;
    }
    if (this.#reasons.has('clock')) await this.#later(CLOCK_AGAIN_MS, () => this.#checkClock());
  }

  async #checkKey(): Promise<void> {
    if (await this.#options.isKeyRight()) this.settle('key', undefined);
    else await this.#later(KEY_AGAIN_MS, () => this.#checkKey());
  }

  async #later(delay: number, action: () => Promise<void>): Promise<void> {
    await this.#options.pauses.pause(delay);
    if (this.#isWatching) await action();
  }
}
