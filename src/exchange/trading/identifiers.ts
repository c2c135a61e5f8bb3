import { createHash } from 'node:crypto';

/** An identifier in the form of a UUID, the same for the same words: runs can be repeated. */
export function identifier(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha1').update(parts.join('/')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
