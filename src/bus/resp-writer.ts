/** Commands as the text that Redis reads (RESP2, an array of bulk strings): redis.io/docs/reference/protocol-spec. */

/** A part of what is to be sent; its text may be cut nowhere. */
export function encodeCommand(parts: readonly string[]): string {
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += bulk(part);
  return text;
}

/** {@link encodeCommand} for the commonest of all. */
export function encodePublish(channel: string, message: string): string {
  return `*3\r\n$7\r\nPUBLISH\r\n${bulk(channel)}${bulk(message)}`;
}

/** Lengths are in bytes, whatever the characters. */
function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
