import { invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import type { Codec } from './topics.ts';

/**
 * A payload as the JSON text that every adapter carries. Finite float64 values come back with the same bits, except that
 * JSON has no −0 (it comes back as 0); NaN and infinities become `null` and must not be in a payload.
 */
export function encodePayload<Payload>(codec: Codec<Payload>, payload: Payload): string {
  if (codec.text) return codec.text(payload);
  const text: string | undefined = JSON.stringify(codec.encode(payload));
  invariant(text !== undefined, 'A payload has no JSON form', { type: typeof payload });
  return text;
}

/** A new payload from its JSON text. Throws where the text is not what {@link encodePayload} wrote. */
export function decodePayload<Payload>(codec: Codec<Payload>, text: string): Payload {
  return codec.decode(JSON.parse(text) as Json);
}
