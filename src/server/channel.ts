import type { Clock } from '../foundation/clock.ts';
import { type ChannelUpdate, channelMessage } from '../protocol/messages.ts';
import type { Frame } from './client-outbox.ts';

/** Who listens to a channel. */
export interface Listener {
  send(frame: Frame): void;
}

/** The state that a channel tells: the whole of it to who comes, and what changes to who is there. */
export interface ChannelState<Snapshot extends ChannelUpdate> {
  snapshot(): Snapshot;
  /** Makes sure that nothing is missing that the store has. Rejects when the store does not answer. */
  refresh(): Promise<void>;
}

/**
 * One WebSocket address: its listeners hear a snapshot, and then each update once, in order, none between the two
 * missing. An update is written out once, however many listen, and not at all when nobody does.
 */
export class Channel<Update extends ChannelUpdate> {
  readonly #state: ChannelState<Extract<Update, { type: 'snapshot' }>>;
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();
  #sequence = 0;

  constructor(state: ChannelState<Extract<Update, { type: 'snapshot' }>>, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Adds a listener, unless `isGone` by then. Rejects when the store does not answer. */
  async join(listener: Listener, isGone: () => boolean): Promise<void> {
    await this.#state.refresh();
    if (isGone()) return;
    // From here to the end without a pause: no update can come between the snapshot and the next.
    listener.send(this.#frame(this.#state.snapshot(), undefined));
    this.#listeners.add(listener);
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Tells an update that the state holds already. `key`: what it supersedes where a listener is slow. */
  tell(update: () => Update, key?: string): void {
    this.#sequence += 1;
    if (this.#listeners.size === 0) return;
    const frame = this.#frame(update(), key);
    for (const listener of this.#listeners) listener.send(frame);
  }

  #frame(update: ChannelUpdate, key: string | undefined): Frame {
    const text = JSON.stringify(channelMessage(update, this.#sequence, this.#clock.now()));
    return { data: Buffer.from(text), key };
  }
}
