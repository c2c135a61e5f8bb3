import { fixed, formatFixed } from '../../foundation/fixed-point.ts';
import { epochMs, MINUTE_MS, toIso } from '../../foundation/time.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account } from '../trading/account.ts';
import type { LinearPosition } from '../trading/ledger.ts';
import { refuse } from '../trading/refusals.ts';
import type { Execution } from '../trading/venue-order.ts';
import { positionRow, walletRow } from './account-messages.ts';
import { type Answer, instrumentOf, type PrivateCall, type PrivateRoute, pageOf, result } from './call.ts';
import type { Row } from './market-messages.ts';
import { tradedCategory } from './order-requests.ts';
import { RequestRefused } from './params.ts';

export const accountRoutes: readonly PrivateRoute[] = [
  { method: 'GET', path: '/v5/position/list', limit: 50, handle: positions },
  { method: 'GET', path: '/v5/position/closed-pnl', limit: 50, handle: closedPnl },
  { method: 'POST', path: '/v5/position/set-leverage', limit: 10, handle: setLeverage },
  { method: 'POST', path: '/v5/position/trading-stop', limit: 10, handle: tradingStop },
  { method: 'GET', path: '/v5/account/wallet-balance', limit: 50, handle: wallet },
  { method: 'GET', path: '/v5/account/info', limit: 50, handle: accountInfo },
  { method: 'GET', path: '/v5/account/fee-rate', limit: 10, handle: feeRates },
  { method: 'POST', path: '/v5/account/demo-apply-money', limit: 10, handle: demoFunds },
  { method: 'GET', path: '/v5/user/query-api', limit: 10, handle: apiKeyInfo },
  { method: 'GET', path: '/v5/asset/coin/query-info', limit: 5, handle: coinInfo },
];

function positions(call: PrivateCall): Answer {
  const { account, params, parts, asOf } = call;
  if (params.category() === undefined)
    return result({ list: [], nextPageCursor: '', category: params.text('category')! });
  if (tradedCategory(params) === 'spot') throw new RequestRefused(refuse.parameter('category invalid'));
  const symbol = params.text('symbol');
  const settleCoin = params.text('settleCoin');
  if ((symbol ?? settleCoin) === undefined) throw new RequestRefused(refuse.parameter('Missing symbol or settleCoin'));
  const specs = parts.venue.specs.filter((spec) => {
    return (
      spec.category === 'linear' && (symbol === undefined ? spec.quoteCoin === settleCoin : spec.symbol === symbol)
    );
  });
  if (symbol !== undefined && specs.length === 0) throw new RequestRefused(refuse.symbol('linear'));
  const list = specs
    .map((spec) => ({ spec, position: positionAt(account, spec, asOf) }))
    .filter(({ position }) => symbol !== undefined || position.size !== 0n)
    .map(({ spec, position }) => positionRow(position, spec, parts.venue.priceOf(spec.symbol)));
  return result({ list, nextPageCursor: '', category: 'linear' });
}

/** What look-ups know of a position; nothing traded yet is an empty one. */
function positionAt(account: Account, spec: InstrumentSpec, asOf: number): LinearPosition {
  const empty = { size: 0n, entryValue: 0n, currentRealisedPnl: 0n, cumulativeRealisedPnl: 0n };
  return account.positionAt(spec.symbol, asOf) ?? { ...account.ledger.position(spec.symbol, spec.quoteCoin), ...empty };
}

function closedPnl(call: PrivateCall): Answer {
  const { account, params, parts, asOf } = call;
  const symbol = params.text('symbol');
  const closing = account.executions
    .filter((one) => one.closedSize > 0n && one.time <= asOf && (symbol ?? one.symbol) === one.symbol)
    .reverse();
  const { page, nextPageCursor } = pageOf(closing, ({ sequence }) => sequence, params, { limit: 50, most: 100 });
  const list = page.map((one) => closedPnlRow(one, account, parts.venue.spec('linear', one.symbol)!));
  return result({ nextPageCursor, category: 'linear', list });
}

function closedPnlRow(execution: Execution, account: Account, spec: InstrumentSpec): Row {
  const value = execution.value;
  const entryValue = execution.side === 'Sell' ? value - execution.pnl : value + execution.pnl;
  const { leverage } = account.ledger.position(spec.symbol, spec.quoteCoin);
  return {
    symbol: execution.symbol,
    orderId: execution.orderId,
    side: execution.side,
    qty: formatFixed(execution.quantity),
    orderPrice: formatFixed(execution.orderPrice),
    orderType: execution.orderType,
    execType: 'Trade',
    closedSize: formatFixed(execution.closedSize),
    cumEntryValue: formatFixed(entryValue),
    avgEntryPrice: formatFixed((entryValue * 1_000_000_000_000n) / execution.quantity),
    cumExitValue: formatFixed(value),
    avgExitPrice: formatFixed(execution.price),
    closedPnl: formatFixed(execution.pnl - execution.fee),
    fillCount: '1',
    leverage: formatFixed(leverage),
    openFee: '0',
    closeFee: formatFixed(execution.fee),
    createdTime: String(execution.time),
    updatedTime: String(execution.time),
  };
}

function setLeverage(call: PrivateCall): Answer {
  const { account, params, parts } = call;
  const { spec } = instrumentOf(call, 'linear');
  const buy = params.decimal('buyLeverage');
  const sell = params.decimal('sellLeverage');
  if (buy === undefined || buy !== sell)
    throw new RequestRefused(refuse.parameter('buy leverage must equal sell leverage'));
  const least: bigint = fixed('1');
  if (buy < least || buy > spec.maximumLeverage) throw new RequestRefused(refuse.parameter('leverage invalid'));
  if (account.ledger.position(spec.symbol, spec.quoteCoin).leverage === buy) {
    throw new RequestRefused(refuse.leverageUnchanged());
  }
  parts.venue.setLeverage(account, spec, buy);
  return result({});
}

function tradingStop(call: PrivateCall): Answer {
  const { account, params, parts } = call;
  const { spec } = instrumentOf(call, 'linear');
  if (account.ledger.position(spec.symbol, spec.quoteCoin).size === 0n) {
    throw new RequestRefused({ code: 10001, message: 'can not set tp/sl/ts for zero position' });
  }
  parts.venue.setStops(account, spec, params.decimal('takeProfit'), params.decimal('stopLoss'));
  return result({});
}

function wallet({ account, params, parts, asOf }: PrivateCall): Answer {
  if (params.required('accountType') !== 'UNIFIED')
    throw new RequestRefused(refuse.parameter('accountType only support UNIFIED.'));
  const known = account.walletAt(asOf) ?? { balances: new Map(), margins: new Map() };
  const coins = params.text('coin')?.split(',');
  const balances = new Map([...known.balances].filter(([coin]) => coins?.includes(coin) ?? true));
  // Unrealised profit moves with the market, also where nothing was traded.
  const isPresent = asOf >= parts.clock.now();
  const margins = isPresent ? account.wallet(parts.venue.priceOf, parts.venue.specs).margins : known.margins;
  return result({ list: [walletRow({ balances, margins }, parts.venue.priceOf)] });
}

function accountInfo({ parts }: PrivateCall): Answer {
  return result({
    marginMode: 'REGULAR_MARGIN',
    updatedTime: String(parts.clock.now()),
    unifiedMarginStatus: 5,
    dcpStatus: 'OFF',
    timeWindow: 10,
    smpGroup: 0,
    isMasterTrader: false,
    spotHedgingStatus: 'OFF',
  });
}

function feeRates({ account, params, parts }: PrivateCall): Answer {
  const category = params.category('linear');
  const symbol = params.text('symbol');
  const { fees } = account;
  const [maker, taker] = category === 'spot' ? [fees.spotMaker, fees.spotTaker] : [fees.linearMaker, fees.linearTaker];
  const list = parts.venue.specs
    .filter((spec) => spec.category === category && (symbol ?? spec.symbol) === spec.symbol)
    .map((spec) => ({
      symbol: spec.symbol,
      baseCoin: '',
      takerFeeRate: formatFixed(taker),
      makerFeeRate: formatFixed(maker),
    }));
  return result({ category: params.text('category') ?? 'linear', list });
}

/** At most this of a coin at once, and once a minute. */
const DEMO_FUNDS: Readonly<Record<string, string>> = { BTC: '15', ETH: '200', USDT: '100000', USDC: '100000' };
const lastGrants = new WeakMap<Account, number>();

function demoFunds({ account, params, parts }: PrivateCall): Answer {
  const now = parts.clock.now();
  if (now - (lastGrants.get(account) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) {
    throw new RequestRefused(refuse.tooManyVisits());
  }
  const takesAway = (params.integer('adjustType', 0, 1) ?? 0) === 1;
  const grants = params.list('utaDemoApplyMoney').map((grant) => {
    const coin = grant.required('coin');
    const amount = grant.decimal('amountStr') ?? 0n;
    const most = DEMO_FUNDS[coin];
    if (most === undefined || amount === 0n || amount > fixed<never>(most)) {
      throw new RequestRefused(refuse.parameter('amountStr invalid'));
    }
    return { coin, amount };
  });
  lastGrants.set(account, now);
  for (const { coin, amount } of grants) {
    parts.venue.deposit(account, coin, takesAway ? -amount : amount, `demo-apply-money/${now}`);
  }
  return result({});
}

function apiKeyInfo({ account }: PrivateCall): Answer {
  const { key, readOnly, mayWithdraw } = account.apiKey;
  const none: readonly string[] = [];
  return result({
    id: '1',
    note: 'simulated',
    apiKey: key,
    readOnly: readOnly ? 1 : 0,
    secret: '',
    permissions: {
      ContractTrade: ['Order', 'Position'],
      Spot: ['SpotTrade'],
      Wallet: mayWithdraw ? ['AccountTransfer', 'Withdraw'] : none,
      Options: none,
      Derivatives: ['DerivativesTrade'],
      CopyTrading: none,
      BlockTrade: none,
      Exchange: none,
      NFT: none,
      Affiliate: none,
      Earn: none,
      FiatP2P: none,
      FiatBybitPay: none,
      FiatConvertBroker: none,
      FiatGlobalPay: none,
      FiatBitPay: none,
      BitCard: none,
      ByXPost: none,
    },
    ips: ['*'],
    type: 1,
    deadlineDay: 90,
    expiredAt: toIso(epochMs(4_102_444_800_000)).replace('.000Z', 'Z'),
    createdAt: toIso(epochMs(1_577_836_800_000)).replace('.000Z', 'Z'),
    unified: 0,
    uta: 1,
    userID: 1,
    inviterID: 0,
    vipLevel: 'No VIP',
    mktMakerLevel: '0',
    affiliateID: 0,
    rsaPublicKey: '',
    isMaster: true,
    parentUid: '0',
    kycLevel: 'LEVEL_DEFAULT',
    kycRegion: '',
    userIDInt64: '1',
    inviterIDInt64: '0',
    affiliateIDInt64: '0',
  });
}

/** The coins of the listed instruments. Nothing can be paid in or out. */
function coinInfo({ parts }: PrivateCall): Answer {
  const coins = new Set(parts.venue.specs.flatMap(({ baseCoin, quoteCoin }) => [baseCoin, quoteCoin]));
  const rows = [...coins].map((coin) => ({ name: coin, coin, remainAmount: '0', chains: [] }));
  return result({ rows });
}
