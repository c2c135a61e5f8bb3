import { PROTECTED_PRODUCTS } from '../trading/account.ts';
import { refuse } from '../trading/refusals.ts';
import { type Answer, type PrivateCall, type PrivateRoute, result } from './call.ts';
import { RequestRefused } from './params.ts';

/** What an account can set: what becomes of prices beyond the limit, and of orders when it is disconnected. */
export const settingRoutes: readonly PrivateRoute[] = [
  { method: 'POST', path: '/v5/account/set-limit-px-action', limit: 10, handle: setLimitPriceAction },
  { method: 'GET', path: '/v5/account/user-setting-config', limit: 10, handle: settings },
  { method: 'POST', path: '/v5/order/disconnected-cancel-all', limit: 5, handle: setDisconnectWindow },
  { method: 'GET', path: '/v5/account/query-dcp-info', limit: 5, handle: disconnectWindows },
];

function setLimitPriceAction({ account, params }: PrivateCall): Answer {
  const category = params.category();
  const moves = params.oneOf('modifyEnable', ['true', 'false']);
  if (category === undefined || moves === undefined) throw new RequestRefused(refuse.parameter('modifyEnable invalid'));
  account.movesPrices[category] = moves === 'true';
  return result({});
}

function settings({ account }: PrivateCall): Answer {
  return result({ lpaSpot: account.movesPrices.spot, lpaPerp: account.movesPrices.linear });
}

function setDisconnectWindow({ account, params }: PrivateCall): Answer {
  const product = params.oneOf('product', [...PROTECTED_PRODUCTS, 'OPTIONS']) ?? 'OPTIONS';
  const seconds = params.integer('timeWindow', 3, 300);
  if (seconds === undefined) throw new RequestRefused(refuse.parameter('timeWindow invalid'));
  // Nothing is traded in options here, and so there is nothing to cancel.
  if (product !== 'OPTIONS') account.disconnectWindows.set(product, seconds);
  return result({});
}

function disconnectWindows({ account }: PrivateCall): Answer {
  const dcpInfos = [...account.disconnectWindows].map(([product, seconds]) => {
    return { product, dcpStatus: 'ON', timeWindow: String(seconds) };
  });
  return result({ dcpInfos });
}
