/** How an order ended: what decides over those that come after it. */
export type Outcome = 'filled' | 'partly-filled' | 'unfilled';

const NONE = -1;
/** Of an id's last characters so many make its hash: there ids differ. */
const HASHED = 10;

/**
 * The last orders that ended, by their ids, oldest first: a ring and the chains of a hash table through it. In a `Map`
 * the deletion of the oldest, and hashing the whole id, cost more than all else about remembering.
 */
export class EndedOrders {
  readonly #capacity: number;
  readonly #ids: string[] = [];
  readonly #outcomes: Outcome[] = [];
  /** The place of the oldest in the full ring. */
  #oldest = 0;
  /** Where each chain begins, with its newest id; from each place of the ring the next older of its chain. */
  readonly #chains: Int32Array;
  readonly #older: Int32Array;
  /** The hash of each place: an old id has long left the processor's cache, and is not read but for one of the same hash. */
  readonly #hashes: Int32Array;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#chains = new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity))).fill(NONE);
    this.#older = new Int32Array(capacity);
    this.#hashes = new Int32Array(capacity);
  }

  get(id: string): Outcome | undefined {
    const hash = hashOf(id);
    for (let place = this.#chains[this.#chainOf(hash)]!; place !== NONE; place = this.#older[place]!) {
      if (this.#hashes[place] === hash && this.#ids[place] === id) return this.#outcomes[place];
    }
    return undefined;
  }

  /** Remembers an id that is not remembered, instead of the oldest when there are too many. */
  add(id: string, outcome: Outcome): void {
    let place = this.#ids.length;
    if (place === this.#capacity) {
      place = this.#oldest;
      this.#forget(place);
      this.#oldest = place + 1 === this.#capacity ? 0 : place + 1;
      this.#ids[place] = id;
      this.#outcomes[place] = outcome;
    } else {
      this.#ids.push(id);
      this.#outcomes.push(outcome);
    }
    const hash = hashOf(id);
    const chain = this.#chainOf(hash);
    this.#older[place] = this.#chains[chain]!;
    this.#chains[chain] = place;
    this.#hashes[place] = hash;
  }

  /** Oldest first. */
  entries(): (readonly [id: string, outcome: Outcome])[] {
    const all = this.#ids.map((id, place) => [id, this.#outcomes[place]!] as const);
    return [...all.slice(this.#oldest), ...all.slice(0, this.#oldest)];
  }

  /** Takes the ring's oldest out of its chain, of which it is the end. */
  #forget(place: number): void {
    const chain = this.#chainOf(this.#hashes[place]!);
    const older = this.#older;
    let at = this.#chains[chain]!;
    if (at === place) {
      this.#chains[chain] = NONE;
      return;
    }
    while (older[at] !== place) at = older[at]!;
    older[at] = NONE;
  }

  #chainOf(hash: number): number {
    return (hash >>> 16) & (this.#chains.length - 1);
  }
}

function hashOf(id: string): number {
  const { length } = id;
  let hash = length;
  for (let index = length > HASHED ? length - HASHED : 0; index < length; index++) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  }
  // Multiplying by the golden ratio spreads what differs in the last characters over the high bits.
  return Math.imul(hash, 0x9e3779b1);
}
