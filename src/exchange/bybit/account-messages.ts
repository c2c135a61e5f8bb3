import { divide, formatFixed, multiply, ONE } from '../../foundation/fixed-point.ts';
import { type InstrumentSpec, priceText, quantityText } from '../market/instruments.ts';
import type { PriceOf, WalletState } from '../trading/account.ts';
import { entryPrice, type LinearPosition, unrealisedPnl } from '../trading/ledger.ts';
import type { Row } from './market-messages.ts';

/** What position messages of both kinds share. */
function positionFields(position: LinearPosition, spec: InstrumentSpec, mark: bigint): Row {
  const held = position.size < 0n ? -position.size : position.size;
  const margin = (position.entryValue * ONE) / position.leverage;
  const price = (value: bigint): string => priceText(spec, value);
  return {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: '2000000',
    symbol: position.symbol,
    side: position.size > 0n ? 'Buy' : position.size < 0n ? 'Sell' : '',
    size: quantityText(spec, held),
    positionValue: held === 0n ? '' : formatFixed(position.entryValue),
    tradeMode: 0,
    positionStatus: 'Normal',
    autoAddMargin: 0,
    adlRankIndicator: 0,
    leverage: formatFixed(position.leverage),
    positionBalance: '0',
    markPrice: price(mark),
    liqPrice: '',
    bustPrice: '',
    positionMM: '0',
    positionIM: formatFixed(margin),
    positionIMByMp: formatFixed((multiply(mark, held) * ONE) / position.leverage),
    positionMMByMp: '0',
    tpslMode: 'Full',
    takeProfit: position.takeProfit === 0n ? '' : price(position.takeProfit),
    stopLoss: position.stopLoss === 0n ? '' : price(position.stopLoss),
    trailingStop: position.trailingStop === 0n ? '0' : price(position.trailingStop),
    sessionAvgPrice: '',
    unrealisedPnl: held === 0n ? '' : formatFixed(unrealisedPnl(position, mark)),
    curRealisedPnl: formatFixed(position.currentRealisedPnl),
    cumRealisedPnl: formatFixed(position.cumulativeRealisedPnl),
    seq: position.sequence,
    isReduceOnly: false,
    mmrSysUpdatedTime: '',
    leverageSysUpdatedTime: '',
    createdTime: String(position.createdTime),
    updatedTime: String(position.updatedTime),
  };
}

function entryText(position: LinearPosition): string {
  return position.size === 0n ? '0' : formatFixed(entryPrice(position));
}

/** A position as `GET /v5/position/list` lists it. */
export function positionRow(position: LinearPosition, spec: InstrumentSpec, mark: bigint): Row {
  return { ...positionFields(position, spec, mark), avgPrice: entryText(position) };
}

/** A position as the private topic `position` tells it. */
export function positionData(position: LinearPosition, spec: InstrumentSpec, mark: bigint): Row {
  return { category: 'linear', ...positionFields(position, spec, mark), entryPrice: entryText(position) };
}

/** Value of a coin in dollars; a stable coin is one. 0 for a coin without a market. */
function dollarsOf(coin: string, priceOf: PriceOf): bigint {
  return coin.startsWith('USD') ? ONE : priceOf(`${coin}USDT`);
}

/** The account of `GET /v5/account/wallet-balance`, and of the private topic `wallet`. */
export function walletRow(wallet: WalletState, priceOf: PriceOf): Row {
  const totals = { equity: 0n, balance: 0n, available: 0n, pnl: 0n, margin: 0n };
  const coin = [...wallet.balances].map(([name, balance]) => {
    const margin = wallet.margins.get(name)!;
    const equity = balance + margin.unrealisedPnl;
    const dollars = dollarsOf(name, priceOf);
    const bound = margin.positionMargin + margin.orderMargin;
    totals.equity += multiply(equity, dollars);
    totals.balance += multiply(balance, dollars);
    totals.available += multiply(margin.available, dollars);
    totals.pnl += multiply(margin.unrealisedPnl, dollars);
    totals.margin += multiply(bound, dollars);
    return coinRow(name, balance, equity, multiply(equity, dollars), margin);
  });
  const initialRate = totals.equity > 0n ? divide(totals.margin, totals.equity) : 0n;
  return {
    accountType: 'UNIFIED',
    accountIMRate: formatFixed(initialRate),
    accountMMRate: '0',
    accountLTV: '0',
    totalEquity: formatFixed(totals.equity),
    totalWalletBalance: formatFixed(totals.balance),
    totalMarginBalance: formatFixed(totals.balance + totals.pnl),
    totalAvailableBalance: formatFixed(totals.available),
    totalPerpUPL: formatFixed(totals.pnl),
    totalInitialMargin: formatFixed(totals.margin),
    totalMaintenanceMargin: '0',
    coin,
  };
}

function coinRow(
  coin: string,
  balance: bigint,
  equity: bigint,
  usdValue: bigint,
  margin: NonNullable<ReturnType<WalletState['margins']['get']>>,
): Row {
  return {
    coin,
    equity: formatFixed(equity),
    usdValue: formatFixed(usdValue),
    walletBalance: formatFixed(balance),
    availableToWithdraw: formatFixed(margin.available),
    availableToBorrow: '0',
    borrowAmount: '0',
    accruedInterest: '0',
    totalOrderIM: formatFixed(margin.orderMargin),
    totalPositionIM: formatFixed(margin.positionMargin),
    totalPositionMM: '0',
    unrealisedPnl: formatFixed(margin.unrealisedPnl),
    cumRealisedPnl: '0',
    bonus: '0',
    locked: formatFixed(margin.locked),
    collateralSwitch: true,
    marginCollateral: true,
    spotBorrow: '0',
    spotHedgingQty: '0',
  };
}
