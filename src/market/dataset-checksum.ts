import { invariant } from '../foundation/errors.ts';

/** 32-bit words of a checksum. */
export const CHECKSUM_WORDS = 4;

/**
 * A checksum of 128 bits against accidents: four lanes, each of every fourth 32-bit word. A step of a lane is a bijection
 * of its state for a given word, and of the word for a given state, so that a change within one word, be it a bit or all
 * of it, always gives another sum; any other change does but for one in 2³² at most. It is no seal against those
 * who mean harm: that is what the SHA-256 of a dataset is for. The factors are primes of xxHash32 (Y. Collet).
 *
 * It goes from the end to the beginning: what was read or written last is still in the processor's cache.
 *
 * @param words a multiple of four 32-bit words
 */
export function checksum(words: Int32Array): Int32Array {
  invariant(words.length % CHECKSUM_WORDS === 0, 'A checksum of words that do not fill the lanes', {
    length: words.length,
  });
  let [a, b, c, d] = [1, 2, 3, 4];
  for (let at = words.length - CHECKSUM_WORDS; at >= 0; at -= CHECKSUM_WORDS) {
    a = Math.imul(a ^ words[at]!, 0x9e3779b1);
    b = Math.imul(b ^ words[at + 1]!, 0x85ebca77);
    c = Math.imul(c ^ words[at + 2]!, 0xc2b2ae3d);
    d = Math.imul(d ^ words[at + 3]!, 0x27d4eb2f);
    // Multiplying moves bits upwards only; this brings them down again.
    a ^= a >>> 15;
    b ^= b >>> 15;
    c ^= c >>> 15;
    d ^= d >>> 15;
  }
  return Int32Array.of(a, b, c, d);
}

/** 32 hexadecimal digits that tell texts apart, for names of files. */
export function textChecksum(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const words = new Int32Array(CHECKSUM_WORDS * Math.ceil((bytes.length + 1) / 16));
  new Uint8Array(words.buffer).set(bytes);
  // The length too, as zeros fill up the last words.
  words[words.length - 1]! ^= bytes.length << 8;
  return Array.from(checksum(words), (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
