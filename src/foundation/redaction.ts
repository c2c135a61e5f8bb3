import { hideSecrets } from './secret.ts';

/*
 * What must not be shown, known by its name: the credentials of requests, as client libraries put them into the messages
 * of their errors (signed addresses, headers, bodies). Secrets of this process are known by themselves.
 */

const HIDDEN = '(hidden)';

/**
 * The names of fields, headers and parameters that carry a credential. Lengths are bounded, so that time grows with the
 * text's length only.
 */
const NAMES =
  '[\\w-]{0,64}(?:password|passwd|passphrase|secret|api[_-]?key|apikey|private[_-]?key|access[_-]?(?:key|sign)|listen[_-]?key|signature|token|authorization|bapi-sign|mbx-apikey)[\\w-]{0,64}|sign|cookie';

/** `"apiSecret":"…"`, in a JSON text, and in one that is itself a text of JSON. */
const JSON_FIELD = new RegExp(`(\\\\?"(?:${NAMES})\\\\?"\\s*:\\s*)(\\\\?")(?:(?!\\2)(?:\\\\.|[^"\\\\]))*\\2`, 'gi');
/** `&signature=…`, `api_key=…`. */
const PARAMETER = new RegExp(`(?<![\\w-])((?:${NAMES})=)[^\\s&;,"'\\\\)\\]}]+`, 'gi');
/** `X-BAPI-SIGN: …`, `Authorization: Bearer …`. */
const HEADER =
  /(?<![\w-])((?:x-[\w-]{0,64}(?:sign|key|secret|passphrase|token)[\w-]{0,64}|ok-access-[\w-]{1,64}|bitvavo-access-[\w-]{1,64}|cb-access-[\w-]{1,64}|(?:proxy-)?authorization|(?:set-)?cookie)["']?\s{0,8}:\s{0,8}["']?)(?:(?:Bearer|Basic)\s+)?[^\s,"'\\}]+/gi;

/** Without one of these there is nothing to hide: the usual log line, which is told apart fast. */
const SUSPICIOUS = /passw|passphrase|secret|key|sign(?!al)|token|authorization|cookie/i;

/** A text for logs, errors and answers: without the secrets of this process, signatures, keys and tokens of requests. */
export function redact(text: string): string {
  const hidden = hideSecrets(text);
  if (!SUSPICIOUS.test(hidden)) return hidden;
  return hidden
    .replace(JSON_FIELD, (_whole, name: string, quote: string) => `${name}${quote}${HIDDEN}${quote}`)
    .replace(PARAMETER, `$1${HIDDEN}`)
    .replace(HEADER, `$1${HIDDEN}`);
}
