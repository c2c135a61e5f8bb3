/**
 * The only source of chance: a seeded generator, so that the same seed gives the same run.
 *
 * Algorithm: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, seeded by hashing `seed` and `stream` with
 * FNV-1a; the first 16 outputs are thrown away, so that close seeds diverge.
 */
export class Random {
  #state: Uint32Array;

  /** @param stream names an independent sub-stream, so that one consumer's draws do not shift another's */
  constructor(seed: number, stream = '') {
    const text = `${seed}/${stream}`;
    this.#state = new Uint32Array([fnv1a(`a${text}`), fnv1a(`b${text}`), fnv1a(`c${text}`), 1]);
    for (let i = 0; i < 16; i++) this.#nextUint32();
  }

  /** Uniform in [0, 1), with 53 random bits. */
  next(): number {
    const high = this.#nextUint32() >>> 5;
    const low = this.#nextUint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** A whole number, uniform in [minimum, maximum], both included. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.next() * (maximum - minimum + 1));
  }

  /** The four words of state, for a checkpoint. */
  snapshot(): number[] {
    return [...this.#state];
  }

  /** Takes up a state that {@link snapshot} gave. */
  restore(state: readonly number[]): void {
    this.#state = new Uint32Array(state);
  }

  #nextUint32(): number {
    const s = this.#state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum;
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
