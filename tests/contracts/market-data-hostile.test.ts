import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { CcxtConnection } from '../../src/providers/ccxt/ccxt-connection.ts';
import { VENUES } from '../../src/providers/ccxt/venues.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import { dialects } from '../support/venues/dialects.ts';
import { ScriptedMarket } from '../support/venues/scripted-market.ts';
import { VenueServer } from '../support/venues/venue-server.ts';
import { MarketRecorder } from './market-data-recorder.ts';

const SYMBOL = 'BTCUSDT';
const MEGABYTE = 1024 * 1024;
const row = '"start":1748822400000,"end":1748822459999,"interval":"1","confirm":true,"timestamp":1';
const values = '"open":"1","close":"1","high":"1","low":"1","volume":"1","turnover":"1"';
const kline = (inner: string): string => `{"topic":"kline.1.${SYMBOL}","type":"snapshot","ts":1748822460000,${inner}}`;

/* What a broken or hostile peer may send. None of it may end the program, reach a candle, or stop what comes after it. */
const FRAMES: Readonly<Record<string, string>> = {
  'no JSON': '{"topic":',
  'an empty text': '',
  'a number': '12',
  null: 'null',
  'a list of lists, a hundred thousand deep': '['.repeat(100_000) + ']'.repeat(100_000),
  'objects, fifty thousand deep': `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'a prototype in the message': `{"__proto__":{"topic":"kline.1.${SYMBOL}"},"constructor":{"prototype":{"polluted":true}}}`,
  'a prototype in the row': kline(`"data":[{"__proto__":{"polluted":true},${row},${values}}]`),
  'a topic that is no text': `{"topic":{"a":1},"data":[]}`,
  'data that is no list': kline('"data":{"length":3}'),
  'rows that are none': kline('"data":[null,1,"x",[],{}]'),
  'a candle of texts that are no numbers': kline(
    `"data":[{${row},"open":"0x10","close":"1e400","high":"","low":null,"volume":"NaN"}]`,
  ),
  'a text of control characters': '\u0000\u0001\u{1F680}',
  'a failure of nothing that was asked': '{"success":false,"ret_msg":"no","op":"subscribe","req_id":"77"}',
  'two megabytes': `{"topic":"${'x'.repeat(2 * MEGABYTE)}"}`,
};

test('no frame ends the program, reaches a candle, or stops what comes after it', async () => {
  const venue = VENUES.find(({ id }) => id === 'bybit')!;
  const market = new ScriptedMarket([SYMBOL], 60, 5);
  const server = await VenueServer.open(dialects.get('bybit')!, market);
  const surroundings = { clock: systemClock, logger: silentLogger };
  const connection = new CcxtConnection({ venue, kind: 'perpetual', baseUrl: server.url, ...surroundings });
  const feed = new ExchangeFeed({ connection, random: new Random(1), ...surroundings });
  const sink = new MarketRecorder();
  const one = { symbol: SYMBOL, timeframe: '1m' } as const;
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    for (let waited = 0; !holds(); waited += 5) {
      assert.ok(waited < 20_000, `${what}: ${JSON.stringify(feed.status())}`);
      await sleep(systemClock, 5);
    }
  };
  try {
    await feed.start([one], new Map(), sink);
    for (const [what, frame] of Object.entries(FRAMES)) {
      await until(() => server.streams.length >= 2, `subscriptions before ${what}`);
      server.say(frame);
      const { reconnects } = feed.status().counts;
      // Too long a frame ends the connection, and another one takes its place.
      if (frame.length > MEGABYTE) await until(() => feed.status().counts.reconnects > reconnects, what);
      await until(() => server.streams.length >= 2, `subscriptions after ${what}`);
      const closed = market.closed;
      await server.pass(1);
      const expected = market.candle(SYMBOL, closed);
      await until(() => sink.of(one).at(-1)?.openTime === expected.openTime, `a candle after ${what}`);
      assert.deepEqual(sink.of(one), market.script.get(SYMBOL)!.slice(5, market.closed), what);
    }
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.ok(feed.status().counts.malformed >= 5, JSON.stringify(feed.status().counts));
    assert.deepEqual(sink.ends, []);
  } finally {
    await feed.stop();
    await server.close();
  }
});
