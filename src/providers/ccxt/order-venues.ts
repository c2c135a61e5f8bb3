import { BYBIT_ORDERS } from './ccxt-gateway-bybit.ts';
import type { VenueTerms } from './ccxt-gateway-venue.ts';

/** The exchanges to which orders can go. */
export const ORDER_VENUES: readonly VenueTerms[] = [BYBIT_ORDERS];
