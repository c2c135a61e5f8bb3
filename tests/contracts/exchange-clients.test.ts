import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { formatFixed } from '../../src/foundation/fixed-point.ts';
import { liveExchange } from '../support/live-exchange.ts';
import { bybitApiMarketRound, bybitApiOrderRound, bybitApiSocketRound, openBybitApi } from './bybit-api-round.ts';
import { type CcxtBybit, openCcxt } from './ccxt-bybit.ts';
import { ccxtMarketRound, ccxtOrderRound, ccxtPrivateRound, ccxtSpotRound, ccxtWatchRound } from './ccxt-round.ts';
import { ClientRound } from './client-round.ts';

/** What a look-up tells of the account, compared with the exchange's own books to the last digit. */
async function assertEqualLedgers(
  exchange: RunningExchange,
  lookUp: (path: string) => Promise<unknown>,
): Promise<void> {
  const account = exchange.accounts.get('KEY')!;
  const wallet = z
    .object({ list: z.array(z.object({ coin: z.array(z.object({ coin: z.string(), walletBalance: z.string() })) })) })
    .parse(await lookUp('wallet'));
  assert.deepEqual(
    Object.fromEntries(wallet.list[0]!.coin.map(({ coin, walletBalance }) => [coin, walletBalance])),
    Object.fromEntries(account.ledger.coins.map((coin) => [coin, formatFixed(account.ledger.balance(coin))])),
  );
  const executions = z.object({ list: z.array(z.object({ execId: z.string(), execFee: z.string() })) });
  const told = executions.parse(await lookUp('executions')).list;
  const kept = account.executions
    .filter(({ category }) => category === 'linear')
    .slice(-100)
    .reverse();
  assert.deepEqual(
    told,
    kept.map(({ execId, fee }) => ({ execId, execFee: formatFixed(fee) })),
  );
}

describe('ccxt pro, unmodified', () => {
  const round = new ClientRound();
  let exchange: RunningExchange;
  let client: CcxtBybit;
  before(async () => {
    exchange = await liveExchange({ rateLimits: false });
    client = await openCcxt(exchange.url);
  });
  after(async () => {
    await client.close();
    await exchange.close();
  });

  test('its market round by requests', () => ccxtMarketRound(client, round));
  test('its market round by sockets', () => ccxtWatchRound(client, round));
  test('its order round', () => ccxtOrderRound(client, round, exchange));
  test('its spot round', () => ccxtSpotRound(client, round, exchange));
  test('its private sockets and orders by socket', () => ccxtPrivateRound(client, round, exchange));
  test('what it sees is what the ledger says', async (context) => {
    const paths: Readonly<Record<string, () => Promise<unknown>>> = {
      wallet: () => client.call('privateGetV5AccountWalletBalance', { accountType: 'UNIFIED' }),
      executions: () => client.call('privateGetV5ExecutionList', { category: 'linear', limit: 100 }),
    };
    await assertEqualLedgers(
      exchange,
      async (path) => z.object({ result: z.unknown() }).parse(await paths[path]!()).result,
    );
    context.diagnostic(`${round.calls.length} calls of ${new Set(round.calls).size} methods`);
    assert.ok(round.calls.length >= 90, `${round.calls.length} calls`);
  });
  test('in demo mode it goes the same way', async () => {
    const demo = await openCcxt(exchange.url, { demo: true });
    await demo.call('loadMarkets');
    await demo.call('createOrder', 'ETH/USDT:USDT', 'market', 'buy', 0.1);
    await demo.close();
  });
  test('a wrong secret is an authentication error', async () => {
    const stranger = await openCcxt(exchange.url, { secret: 'WRONG' });
    await assert.rejects(stranger.call('fetchBalance'), { name: 'AuthenticationError' });
    await stranger.close();
  });
});

describe('bybit-api, unmodified', () => {
  const round = new ClientRound();
  let exchange: RunningExchange;
  before(async () => {
    exchange = await liveExchange({ rateLimits: false });
  });
  after(() => exchange.close());

  test('its market round', () => bybitApiMarketRound(openBybitApi(exchange.url), round));
  test('its order round', () => bybitApiOrderRound(openBybitApi(exchange.url), round, exchange));
  test('its sockets', () => bybitApiSocketRound(exchange, round));
  test('what it sees is what the ledger says', async (context) => {
    const client = openBybitApi(exchange.url);
    await assertEqualLedgers(exchange, async (path) => {
      const answer = await (path === 'wallet'
        ? client.getWalletBalance({ accountType: 'UNIFIED' })
        : client.getExecutionList({ category: 'linear', limit: 100 }));
      return answer.result;
    });
    context.diagnostic(`${round.calls.length} calls of ${new Set(round.calls).size} methods`);
    assert.ok(round.calls.length >= 40, `${round.calls.length} calls`);
  });
});
