import type { OrderReport } from '../../execution/order-gateway.ts';
import { readExecutionReport } from './ccxt-gateway-binance-reports.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { StreamWord, VenueStream } from './ccxt-gateway-venue.ts';
import { SenselessMessage } from './ccxt-gateway-words.ts';
import { isFields } from './venue-message.ts';

/**
 * Binance's user data stream of spot, subscribed by signature over the WebSocket API: `executionReport` tells orders and
 * fills. Source: binance-spot-api-docs, web-socket-api.md (`userDataStream.subscribe.signature`).
 */
export class BinanceStream implements VenueStream {
  readonly ping = { id: 'ping', method: 'ping' };
  readonly isReadyWhenOpen = true;
  readonly #exchange: CcxtTrader;
  readonly #symbolOf: (marketId: string) => string;
  readonly #onReport: (report: OrderReport) => void;

  constructor(exchange: CcxtTrader, symbolOf: (marketId: string) => string, onReport: (report: OrderReport) => void) {
    this.#exchange = exchange;
    this.#symbolOf = symbolOf;
    this.#onReport = onReport;
  }

  open(): Promise<unknown> {
    return this.#exchange.authenticate({ type: 'spot' });
  }

  read(message: unknown): readonly StreamWord[] {
    if (!isFields(message)) return [{ kind: 'malformed', reason: 'a message that is no object' }];
    const { event } = message;
    if (!isFields(event)) return [];
    if (event.e === 'eventStreamTerminated') return [{ kind: 'ended', reason: 'the exchange ended the subscription' }];
    if (event.e !== 'executionReport') return [];
    try {
      const { report, fill } = readExecutionReport(event, this.#symbolOf);
      this.#onReport(report);
      const told: StreamWord = { kind: 'report', report };
      return fill === undefined ? [told] : [{ kind: 'fill', fill }, told];
    } catch (thrown) {
      if (!(thrown instanceof SenselessMessage)) throw thrown;
      return [{ kind: 'malformed', reason: thrown.message }];
    }
  }

  /** The answers to its own questions; not those to our pings, and nothing of the account. */
  isForCcxt(message: unknown): boolean {
    return isFields(message) && message.event === undefined && message.id !== this.ping.id;
  }
}
