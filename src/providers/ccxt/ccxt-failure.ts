import { messageOf } from '../../foundation/errors.ts';
import { ExchangeFailure, type FailureKind } from '../exchange/exchange-connection.ts';

/** ccxt's classes of errors, the most special first; what is none of them is a network's or a server's. */
const KINDS: readonly (readonly [string, FailureKind])[] = [
  ['RateLimitExceeded', 'rate-limited'],
  ['DDoSProtection', 'rate-limited'],
  ['BadSymbol', 'refused'],
  ['NotSupported', 'refused'],
  ['AuthenticationError', 'refused'],
  ['PermissionDenied', 'refused'],
  ['BadRequest', 'refused'],
];

const LONGEST_MESSAGE = 300;

/** What ccxt threw, by what can be done about it. */
export function exchangeFailure(thrown: unknown): ExchangeFailure {
  if (thrown instanceof ExchangeFailure) return thrown;
  const classes = classNames(thrown);
  const kind = KINDS.find(([name]) => classes.has(name))?.[1] ?? 'network';
  return new ExchangeFailure(kind, inWords(messageOf(thrown)));
}

/** ccxt begins with its own name of the exchange and the whole request, whose query is nobody's affair. */
function inWords(message: string): string {
  return message.replace(/^\w+ (?:GET|POST|PUT|DELETE) ([^\s?]+)\S* /, '$1: ').slice(0, LONGEST_MESSAGE);
}

/** Whether it comes from a socket that could not be opened, broke or was closed by us, or from a topic that we gave up. */
export function isSocketEnd(thrown: unknown): boolean {
  const classes = classNames(thrown);
  return ['NetworkError', 'ExchangeClosedByUser', 'UnsubscribeError'].some((name) => classes.has(name));
}

/** Of an object and all it inherits from. */
function classNames(thrown: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  for (let link: unknown = thrown; typeof link === 'object' && link !== null; link = Object.getPrototypeOf(link)) {
    const maker: unknown = link.constructor;
    if (typeof maker === 'function') names.add(maker.name);
  }
  return names;
}
