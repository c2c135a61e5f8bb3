import { refuse } from '../trading/refusals.ts';
import type { Answer, PrivateCall } from './call.ts';
import type { Row } from './market-messages.ts';
import { accepted, namesOf, type OrderAction, tradedCategory } from './order-requests.ts';
import { type Params, RequestRefused } from './params.ts';

const BATCH_SIZE = { linear: 20, spot: 10 } as const;

/** Several orders in one request, over HTTP or the order socket: each has its own code, in the order of the request. */
export function batchOf(action: OrderAction): (call: PrivateCall) => Answer {
  return (call) => {
    const category = tradedCategory(call.params);
    const items = call.params.list('request');
    if (items.length === 0 || items.length > BATCH_SIZE[category]) {
      throw new RequestRefused(refuse.parameter('request invalid'));
    }
    const answers = items.map((item) => batchItem(action, call, item.with('category', category)));
    return { result: { list: answers.map(({ row }) => row) }, extra: { list: answers.map(({ code }) => code) } };
  };
}

function batchItem(action: OrderAction, call: PrivateCall, item: Params): { readonly row: Row; readonly code: Row } {
  const asked = { category: item.text('category') ?? '', symbol: item.text('symbol') ?? '' };
  try {
    const names = accepted(action(call, item));
    const order = call.account.find(names.orderId, undefined)!;
    return { row: { ...asked, ...namesOf(names), createAt: String(order.createdTime) }, code: { code: 0, msg: 'OK' } };
  } catch (thrown) {
    if (!(thrown instanceof RequestRefused)) throw thrown;
    const { code, message } = thrown.refusal;
    const names = { orderId: item.text('orderId') ?? '', orderLinkId: item.text('orderLinkId') ?? '' };
    return { row: { ...asked, ...names, createAt: '' }, code: { code, msg: message } };
  }
}
