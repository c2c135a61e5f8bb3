import { formatFixed } from '../../foundation/fixed-point.ts';
import { decimalsOf, type InstrumentSpec, withDecimals } from '../market/instruments.ts';

/** Bybit's launch of linear perpetuals: the exchange of this program has no other history. */
const LAUNCH_TIME = '1585526400000';
const FUNDING_INTERVAL_MINUTES = 480;

/** A row of `GET /v5/market/instruments-info`, linear. */
export function linearInstrument(spec: InstrumentSpec): Readonly<Record<string, unknown>> {
  const quantity = (value: bigint): string => withDecimals(value, decimalsOf(spec.quantityStep));
  const price = (value: bigint): string => withDecimals(value, spec.priceScale);
  return {
    symbol: spec.symbol,
    contractType: 'LinearPerpetual',
    status: spec.status,
    baseCoin: spec.baseCoin,
    quoteCoin: spec.quoteCoin,
    launchTime: LAUNCH_TIME,
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(spec.priceScale),
    leverageFilter: { minLeverage: '1', maxLeverage: withDecimals(spec.maximumLeverage, 2), leverageStep: '0.01' },
    priceFilter: {
      minPrice: price(spec.minimumPrice),
      maxPrice: price(spec.maximumPrice),
      tickSize: price(spec.tickSize),
    },
    lotSizeFilter: {
      maxOrderQty: quantity(spec.maximumQuantity),
      minOrderQty: quantity(spec.minimumQuantity),
      qtyStep: formatFixed(spec.quantityStep),
      postOnlyMaxOrderQty: quantity(spec.maximumQuantity),
      maxMktOrderQty: quantity(spec.maximumMarketQuantity),
      minNotionalValue: formatFixed(spec.minimumNotional),
    },
    unifiedMarginTrade: true,
    fundingInterval: FUNDING_INTERVAL_MINUTES,
    settleCoin: spec.quoteCoin,
    copyTrading: 'none',
    upperFundingRate: '0',
    lowerFundingRate: '0',
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    symbolType: '',
  };
}

/** A row of `GET /v5/market/instruments-info`, spot. */
export function spotInstrument(spec: InstrumentSpec): Readonly<Record<string, unknown>> {
  return {
    symbol: spec.symbol,
    baseCoin: spec.baseCoin,
    quoteCoin: spec.quoteCoin,
    innovation: '0',
    status: spec.status,
    marginTrading: 'none',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: formatFixed(spec.quantityStep),
      quotePrecision: '0.0000001',
      minOrderQty: formatFixed(spec.minimumQuantity),
      maxOrderQty: formatFixed(spec.maximumQuantity),
      minOrderAmt: formatFixed(spec.minimumNotional),
      maxOrderAmt: '8000000',
      maxLimitOrderQty: formatFixed(spec.maximumQuantity),
      maxMarketOrderQty: formatFixed(spec.maximumMarketQuantity),
    },
    priceFilter: { tickSize: formatFixed(spec.tickSize) },
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    symbolType: '',
  };
}
