import type { OrderReport, ReportedFill } from '../../execution/order-gateway.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { StreamWord, VenueStream } from './ccxt-gateway-venue.ts';
import { reasonText, SenselessMessage } from './ccxt-gateway-words.ts';
import { type Fields, isFields } from './venue-message.ts';

const TOPICS = ['order', 'execution'];

/**
 * Bybit's private stream: `order` and `execution` of the unified account. Both in one request, so that one answer confirms
 * both. Source: bybit-exchange/docs, docs/v5/ws/connect.mdx.
 */
export class BybitStream implements VenueStream {
  readonly ping = { op: 'ping' };
  readonly isReadyWhenOpen = false;
  readonly #exchange: CcxtTrader;
  readonly #category: string;
  readonly #readOrder: (value: unknown) => OrderReport;
  readonly #readFill: (value: unknown) => ReportedFill;

  constructor(
    exchange: CcxtTrader,
    category: string,
    readOrder: (value: unknown) => OrderReport,
    readFill: (value: unknown) => ReportedFill,
  ) {
    this.#exchange = exchange;
    this.#category = category;
    this.#readOrder = readOrder;
    this.#readFill = readFill;
  }

  async open(): Promise<unknown> {
    const exchange = this.#exchange;
    const url = exchange.implodeHostname(privateUrl(exchange.urls.api));
    await exchange.authenticate(url);
    // What it gives is the first message of a topic; the confirmation comes through `read`.
    return exchange.watchTopics(url, TOPICS, TOPICS);
  }

  read(message: unknown): readonly StreamWord[] {
    if (!isFields(message)) return [{ kind: 'malformed', reason: 'a message that is no object' }];
    const { op, topic, data } = message;
    if (op === 'auth') return isAccepted(message) ? [] : [refused(message)];
    if (op === 'subscribe') return [isAccepted(message) ? { kind: 'subscribed' } : refused(message)];
    if (topic !== 'order' && topic !== 'execution') return [];
    if (!Array.isArray(data)) return [{ kind: 'malformed', reason: `the topic ${topic} without rows` }];
    return data.flatMap((row: unknown) => this.#word(topic, row));
  }

  /** Its own questions' answers; orders and executions would only fill its caches. */
  isForCcxt(message: unknown): boolean {
    return isFields(message) && message.topic === undefined;
  }

  #word(topic: 'order' | 'execution', row: unknown): readonly StreamWord[] {
    // The account's other side, spot or contracts, is not traded through this gateway.
    if (isFields(row) && row.category !== this.#category) return [];
    try {
      return topic === 'order'
        ? [{ kind: 'report', report: this.#readOrder(row) }]
        : [{ kind: 'fill', fill: this.#readFill(row) }];
    } catch (thrown) {
      if (!(thrown instanceof SenselessMessage)) throw thrown;
      return [{ kind: 'malformed', reason: thrown.message }];
    }
  }
}

function isAccepted({ success, retCode }: Fields): boolean {
  return success === true || retCode === 0;
}

function refused({ op, ret_msg, retMsg }: Fields): StreamWord {
  return { kind: 'refused', reason: reasonText(`${String(op)}: ${messageOf(ret_msg ?? retMsg ?? 'no reason')}`) };
}

/** ccxt's address of the private stream of contracts, which is that of the unified account. */
function privateUrl(addresses: unknown): string {
  const sockets: unknown = isFields(addresses) ? addresses.ws : undefined;
  const ofKey: unknown = isFields(sockets) ? sockets.private : undefined;
  const url: unknown = isFields(ofKey) ? ofKey.contract : undefined;
  if (typeof url !== 'string') throw new Error('ccxt has no address of the private stream');
  return url;
}
