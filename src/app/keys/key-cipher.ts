import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes, scrypt } from 'node:crypto';
import type { Secret } from '../../foundation/secret.ts';

/*
 * AES-256-GCM under a key that scrypt makes of a password. N = 2^17, r = 8, p = 1 is the least that OWASP's "Password
 * Storage Cheat Sheet" advises: 128 MiB and some tenths of a second for each password that is tried.
 */

/** How the key of a file is made of its password. Stands in the file in clear. */
export interface Derivation {
  readonly algorithm: 'scrypt';
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** Base64. */
  readonly salt: string;
}

/** What was encrypted, each part in Base64. */
export interface Sealed {
  readonly nonce: string;
  readonly sealed: string;
  readonly tag: string;
}

const LEAST_N = 2 ** 17;
/** A file from elsewhere must not take all memory: this is 1 GiB. */
const MOST_N = 2 ** 20;
const BLOCK_SIZE = 8;
const MOST_PASSES = 4;
const KEY_BYTES = 32;
const SALT_BYTES = 32;
/** What GCM is made for. Chosen at random, it may repeat after 2^32 seals under one key, which no key file sees. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function newDerivation(): Derivation {
  return { algorithm: 'scrypt', N: LEAST_N, r: BLOCK_SIZE, p: 1, salt: randomBytes(SALT_BYTES).toString('base64') };
}

/** Whether a file asks for no less work than ours, and for no more than this machine should give. */
export function isSoundDerivation({ algorithm, N, r, p, salt }: Derivation): boolean {
  const isPowerOfTwo = Number.isInteger(N) && Number.isInteger(Math.log2(N));
  return (
    algorithm === 'scrypt' &&
    isPowerOfTwo &&
    N >= LEAST_N &&
    N <= MOST_N &&
    r === BLOCK_SIZE &&
    Number.isInteger(p) &&
    p >= 1 &&
    p <= MOST_PASSES &&
    Buffer.from(salt, 'base64').length === SALT_BYTES
  );
}

/** @param derivation a sound one */
export function deriveKey(password: Secret, { N, r, p, salt }: Derivation): Promise<KeyObject> {
  // Keyboards differ in how they write the same letters.
  const text = password.reveal().normalize('NFKC');
  const options = { N, r, p, maxmem: 128 * N * r + 64 * 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(text, Buffer.from(salt, 'base64'), KEY_BYTES, options, (error, bytes) => {
      if (error) reject(error);
      else resolve(createSecretKey(bytes));
    });
  });
}

/** @param associated stays readable elsewhere, and can't be changed without notice */
export function seal(key: KeyObject, text: string, associated: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associated));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** The text; `undefined` when the key is another one or anything was changed. */
export function unseal(key: KeyObject, { nonce, sealed, tag }: Sealed, associated: string): string | undefined {
  try {
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), options);
    decipher.setAAD(Buffer.from(associated));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
