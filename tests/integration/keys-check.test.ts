import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { SIMULATED_KEYS } from '../../src/app/exchange-request.ts';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Secret } from '../../src/foundation/secret.ts';
import { BYBIT_ORDERS } from '../../src/providers/ccxt/ccxt-gateway-bybit.ts';
import { requestOf } from '../../src/providers/ccxt/ccxt-gateway-trader.ts';
import { type KeyQuestion, readKeyRights } from '../../src/providers/ccxt/ccxt-key-rights.ts';
import { liveExchange } from '../support/live-exchange.ts';
import { type Ended, run } from './command-line.ts';

/* What an exchange says of a key, asked through the real program; and that asking can't trade. */

let folder: string;
let exchange: RunningExchange;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-keys-check-'));
  exchange = await liveExchange({ keys: SIMULATED_KEYS });
});
afterEach(() => exchange.faults.clear());
after(async () => {
  await exchange.close();
  rmSync(folder, { recursive: true });
});

/** `keys check` for an account with a key of the simulated exchange. */
async function check(account: string, key: string, ...more: readonly string[]): Promise<Ended> {
  const stem = `TRADEWIND_${account.toUpperCase().replace('-', '_')}`;
  const environment = { [`${stem}_KEY`]: key, [`${stem}_SECRET`]: 'simulated-secret' };
  const ended = await run(['keys', 'check', account, '--url', exchange.url, ...more], folder, environment);
  assert.doesNotMatch(ended.out + ended.err, /simulated-/, 'a key was shown');
  return ended;
}

test('a key that may trade is fit, for real money too, and asking only reads', async () => {
  const ended = await check('bybit', 'simulated-key');
  assert.equal(ended.code, 0, ended.err);
  assert.match(ended.out, /^account +bybit: key [0-9a-f]{8} from the environment\nexchange +Bybit, real money, http/);
  assert.match(ended.out, /\nmay trade +yes\nmay withdraw +no\naddresses +any: .*\nexpires +2100-01-01T/);
  assert.match(ended.out, /\nclock .*the exchange's, give or take \d+ ms\nThe key is fit for trading\.\n$/);
  const calls = Object.keys(exchange.counts.all);
  assert.ok(calls.includes('GET /v5/user/query-api'));
  assert.deepEqual(
    calls.filter((call) => !call.startsWith('GET /v5/')),
    [],
  );
});

test('keys that may withdraw, or only read, are told so in a sentence and by the exit code', async () => {
  const [withdrawal, reading] = await Promise.all([
    check('bybit-demo', 'simulated-withdrawal'),
    check('bybit-demo', 'simulated-read-only'),
  ]);
  assert.match(withdrawal.out, /\nmay trade +yes\nmay withdraw +yes\n/);
  assert.match(withdrawal.err, /^The key of bybit-demo may withdraw from the account; make one at Bybit/);
  assert.match(reading.out, /\nmay trade +no\nmay withdraw +no\n/);
  assert.match(reading.err, /^The key of bybit-demo may not trade perpetual markets at Bybit/);
  for (const { code, out } of [withdrawal, reading]) {
    assert.equal(code, 1);
    assert.doesNotMatch(out, /fit for trading/);
  }
});

test('the same as one JSON document', async () => {
  const ended = await check('mine', 'simulated-withdrawal', '--exchange', 'bybit', '--demo', '--json');
  assert.equal(ended.code, 1);
  assert.equal(ended.err, '');
  const { fingerprint, clockOffset, unfit, ...told } = JSON.parse(ended.out);
  assert.match(fingerprint, /^[0-9a-f]{8}$/);
  assert.ok(Math.abs(clockOffset.offsetMs) < 1_000 && clockOffset.uncertaintyMs >= 0);
  assert.match(unfit, /may withdraw/);
  assert.deepEqual(told, {
    format: 'tradewind.key',
    version: 1,
    fit: false,
    account: 'mine',
    exchange: 'bybit',
    title: 'Bybit',
    mode: 'demo',
    url: exchange.url,
    source: 'the environment',
    rights: {
      canTrade: true,
      canWithdraw: true,
      isBoundToAddress: false,
      expiresAt: 4_102_444_800_000,
      isTold: true,
    },
  });
});

test('a key that is not known, and an exchange that does not answer, are told without a table of rights', async () => {
  const environment = { TRADEWIND_BYBIT_DEMO_KEY: 'n0body-knows', TRADEWIND_BYBIT_DEMO_SECRET: 'n0body-knows-it' };
  const unknown = await run(['keys', 'check', 'bybit-demo', '--url', exchange.url], folder, environment);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /^Bybit does not accept the key of bybit-demo \(10003 .*\); check the key, its secret/);
  const silent = await run(['keys', 'check', 'bybit-demo', '--url', 'http://127.0.0.1:1'], folder, environment);
  assert.equal(silent.code, 1);
  assert.match(silent.err, /^Bybit can't be asked about the key of bybit-demo: no connection: ECONNREFUSED\.\n$/);
  for (const { out, err } of [unknown, silent]) {
    assert.doesNotMatch(out + err, /n0body/);
    assert.doesNotMatch(out, /may trade|rights|clock/);
  }
});

function question(more: Partial<KeyQuestion> = {}): KeyQuestion {
  const apiKey = { key: new Secret('simulated-key'), secret: new Secret('simulated-secret') };
  const access = { exchange: 'bybit', account: 'bybit-demo', url: exchange.url, mode: 'demo', apiKey } as const;
  return { venue: BYBIT_ORDERS, access, kind: 'perpetual', clock: systemClock, logger: silentLogger, ...more };
}

test('where a demo account tells nothing of its keys, that is said', async () => {
  exchange.faults.add({ kind: 'answer', path: '/v5/user/query-api', with: 404 });
  const ended = await check('bybit-demo', 'simulated-key');
  assert.equal(ended.code, 0, ended.err);
  assert.match(ended.out, /\nrights +Bybit lets the key in, and tells nothing of what keys of demo accounts may do\n/);
  assert.doesNotMatch(ended.out, /may trade|may withdraw/);
});

test('a key is not fit where the clocks are far apart', async () => {
  exchange.faults.add({ kind: 'clock-skew', ms: 60_000 });
  const ended = await check('bybit-demo', 'simulated-key');
  assert.equal(ended.code, 1);
  assert.match(ended.out, /\nclock +(?:59|60)\d{3} ms behind the exchange's/);
  assert.match(
    ended.err,
    /^bybit-demo: the clock of this machine and that of the exchange are (?:59|60)\d{3} ms apart/,
  );
});

test('what reads keys can send no order, and nothing else that changes something', async () => {
  const request = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', qty: '1' };
  for (const path of ['privatePostV5OrderCreate', 'privatePostV5OrderCancelAll']) {
    const sending = readKeyRights(
      question({
        venue: {
          ...BYBIT_ORDERS,
          orders: (context) => {
            const orders = BYBIT_ORDERS.orders(context);
            orders.rights = async () => {
              await context.calls.run('order', () => requestOf(context.exchange, path, request));
              throw new Error('it was sent');
            };
            return orders;
          },
        },
      }),
    );
    await assert.rejects(sending, /A request that changes something, where only reading is allowed/);
  }
  assert.deepEqual(
    Object.keys(exchange.counts.all).filter((call) => !call.startsWith('GET ')),
    [],
  );
  assert.equal(exchange.accounts.get('simulated-key')!.orders.length, 0);
});
