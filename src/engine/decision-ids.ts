import type { EpochMs } from '../foundation/time.ts';

/** Client order ids of venues are at most this long, of [A-Za-z0-9_-] (Bybit v5 `orderLinkId`; Binance allows the same). */
const LONGEST_ID = 36;
/** What follows the bot in an id: `-`, 9 characters of time (until the year 5188), `-`, and a number in base 36. */
const LONGEST_NUMBER = 3;
const LONGEST_BOT = LONGEST_ID - 1 - 9 - 1 - LONGEST_NUMBER;
const HASH_LENGTH = 10;

/**
 * How a bot stands in its ids: its own id where that fits, else its beginning and a hash of the whole, so that two long
 * ids that begin alike stay apart.
 */
export function botPrefix(botId: string): string {
  if (botId.length <= LONGEST_BOT && /^[A-Za-z0-9_-]+$/.test(botId)) return botId;
  const beginning = botId.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, LONGEST_BOT - HASH_LENGTH - 1);
  return `${beginning}-${hash(botId)}`;
}

/** What the ids of one decision begin with: `{bot}-{time}`, time in base 36. */
export function decisionStem(prefix: string, time: EpochMs): string {
  return `${prefix}-${inBase36(time)}`;
}

/** `{bot}-{time}-{number}`, time and number in base 36: a function of the decision, at most 36 characters. */
export function decisionId(stem: string, number: number): string {
  return number === 0 ? `${stem}-0` : `${stem}-${number.toString(36)}`;
}

const PAIRS: readonly string[] = Array.from({ length: 1296 }, (_, pair) => pair.toString(36).padStart(2, '0'));
/** The six last digits of a time: they begin anew every 25 days. */
const SIX_DIGITS = 36 ** 6;
let lastLeading = -1;
let lastLeadingText = '';

/** `time.toString(36)`, which takes half a microsecond for a number of that size. */
function inBase36(time: number): string {
  const leading = Math.floor(time / SIX_DIGITS);
  if (!(leading > 0 && Number.isSafeInteger(time))) return time.toString(36);
  if (leading !== lastLeading) {
    lastLeading = leading;
    lastLeadingText = leading.toString(36);
  }
  const rest = time - leading * SIX_DIGITS;
  const high = Math.floor(rest / 1_679_616);
  const low = rest - high * 1_679_616;
  const middle = Math.floor(low / 1296);
  return lastLeadingText + PAIRS[high]! + PAIRS[middle]! + PAIRS[low - middle * 1296]!;
}

/** FNV-1a of 64 bits, to base 36, its last ten digits. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index++) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return value.toString(36).padStart(HASH_LENGTH, '0').slice(-HASH_LENGTH);
}
