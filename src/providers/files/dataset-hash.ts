import { createHash } from 'node:crypto';

/** By this a dataset is known to sweeps, workers and the store: SHA-256 of its encoded bytes, hexadecimal. */
export function datasetHash(encoded: Uint8Array): string {
  return createHash('sha256').update(encoded).digest('hex');
}
