import { fixed, formatFixed } from '../../foundation/fixed-point.ts';
import { epochMs, MINUTE_MS, toIso } from '../../foundation/time.ts';
import type { Account } from '../trading/account.ts';
import type { EntryKind } from '../trading/ledger.ts';
import { refuse } from '../trading/refusals.ts';
import { walletRow } from './account-messages.ts';
import { type Answer, type PrivateCall, type PrivateRoute, pageOf, result } from './call.ts';
import { RequestRefused } from './params.ts';

export const accountRoutes: readonly PrivateRoute[] = [
  { method: 'GET', path: '/v5/account/wallet-balance', limit: 50, handle: wallet },
  { method: 'GET', path: '/v5/account/info', limit: 50, handle: accountInfo },
  { method: 'GET', path: '/v5/account/fee-rate', limit: 10, handle: feeRates },
  { method: 'GET', path: '/v5/account/transaction-log', limit: 50, handle: transactionLog },
  { method: 'POST', path: '/v5/account/demo-apply-money', limit: 10, handle: demoFunds },
  { method: 'GET', path: '/v5/user/query-api', limit: 10, handle: apiKeyInfo },
  { method: 'GET', path: '/v5/asset/coin/query-info', limit: 5, handle: coinInfo },
];

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

function accountInfo({ account, parts }: PrivateCall): Answer {
  return result({
    marginMode: 'REGULAR_MARGIN',
    updatedTime: String(parts.clock.now()),
    unifiedMarginStatus: 5,
    dcpStatus: account.disconnectWindows.size > 0 ? 'ON' : 'OFF',
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

const ENTRY_TYPES: Readonly<Record<EntryKind, string>> = {
  deposit: 'TRANSFER_IN',
  withdrawal: 'TRANSFER_OUT',
  trade: 'TRADE',
  'realised-pnl': 'TRADE',
  fee: 'TRADE',
  funding: 'SETTLEMENT',
};

/** The lines of the ledger, newest first: each with the balance that it led to. */
function transactionLog({ account, params, asOf }: PrivateCall): Answer {
  const currency = params.text('currency');
  const balances = new Map<string, bigint>();
  const lines = account.ledger.entries
    .map((entry, index) => {
      const balance = (balances.get(entry.coin) ?? 0n) + entry.amount;
      balances.set(entry.coin, balance);
      return { entry, balance, number: index + 1 };
    })
    .filter(({ entry }) => entry.time <= asOf && (currency ?? entry.coin) === entry.coin)
    .reverse();
  const { page, nextPageCursor } = pageOf(lines, ({ number }) => number, params, { limit: 20, most: 50 });
  const list = page.map(({ entry, balance, number }) => ({
    id: `${number}`,
    symbol: '',
    category: '',
    side: 'None',
    transactionTime: String(entry.time),
    type: ENTRY_TYPES[entry.kind],
    transSubType: '',
    qty: '0',
    size: '0',
    currency: entry.coin,
    tradePrice: '0',
    funding: entry.kind === 'funding' ? formatFixed(entry.amount) : '',
    fee: entry.kind === 'fee' ? formatFixed(-entry.amount) : '0',
    cashFlow: entry.kind === 'fee' || entry.kind === 'funding' ? '0' : formatFixed(entry.amount),
    change: formatFixed(entry.amount),
    cashBalance: formatFixed(balance),
    feeRate: '0',
    bonusChange: '',
    tradeId: entry.reference,
    orderId: '',
    orderLinkId: '',
  }));
  return result({ list, nextPageCursor });
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
  const { key, mayWithdraw } = account.apiKey;
  const none: readonly string[] = [];
  return result({
    id: '1',
    note: 'simulated',
    apiKey: key,
    readOnly: account.isReadOnly ? 1 : 0,
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
