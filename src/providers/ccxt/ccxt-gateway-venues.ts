import { BINANCE_ORDERS } from './ccxt-gateway-binance.ts';
import { BYBIT_ORDERS } from './ccxt-gateway-bybit.ts';
import type { VenueTerms } from './ccxt-gateway-venue.ts';

/** The exchanges that orders can be sent to. */
export const ORDER_VENUES: readonly VenueTerms[] = [BYBIT_ORDERS, BINANCE_ORDERS];
