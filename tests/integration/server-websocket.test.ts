import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { topics } from '../../src/bus/topics.ts';
import type { MarketMessage } from '../../src/domain/event.ts';
import { nextTurn, VirtualClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import type { ChannelMessage } from '../../src/protocol/messages.ts';
import { START, sampleCandle, sampleFill, sampleSignal, sampleStatus } from '../contracts/store-samples.ts';
import { type ServerUnderTest, serverUnderTest } from './server-under-test.ts';

/** After the candles of the tests. */
const TRADED = START + 10 * MINUTE_MS;

const price = (value: number, changes: object = {}): MarketMessage => ({
  kind: 'price',
  symbol: 'BTCUSDT',
  price: value,
  bid: null,
  ask: null,
  occurredAt: epochMs(TRADED + value),
  receivedAt: epochMs(TRADED + value + 1),
  source: 'bybit',
  ...changes,
});

const wireFill = (botId: string, index: number) => ({
  ...sampleFill(botId, index),
  price: '64999.9',
  quantity: '0.001',
  fee: '0.0649999',
});

/** A message without its envelope, which must be sound. */
function contents({ version, sequence, sentAt, ...update }: ChannelMessage): unknown {
  assert.equal(version, 1);
  assert.ok(Number.isInteger(sequence) && sequence >= 0);
  assert.ok(Number.isInteger(sentAt));
  return update;
}

test('market: a snapshot, then prices and candles in order', async (t) => {
  const clock = new VirtualClock(epochMs(START));
  const { open, bus } = await serverUnderTest(t, { clock });
  await bus.publish(topics.market('BTCUSDT'), { kind: 'candle', candle: sampleCandle(1) });
  const quarter = sampleCandle(2, { timeframe: '15m' });
  await bus.publish(topics.market('BTCUSDT'), { kind: 'candle', candle: quarter });
  const reader = open('/ws/market/BTCUSDT');
  const first = await reader.next();
  const { close, closeTime, receivedAt } = quarter;
  const about = { symbol: 'BTCUSDT', bid: null, ask: null };
  assert.deepEqual(contents(first), {
    type: 'snapshot',
    price: { ...about, price: close, source: 'replay', exchangeTime: closeTime, receivedAt },
    candles: [sampleCandle(1), quarter],
  });
  assert.equal(first.sentAt, START);
  // Another symbol's price is none of this channel's business.
  await bus.publish(topics.market('ETHUSDT'), price(3, { symbol: 'ETHUSDT' }));
  await bus.publish(topics.market('BTCUSDT'), price(1));
  await bus.publish(topics.market('BTCUSDT'), { kind: 'candle', candle: sampleCandle(3) });
  await bus.publish(topics.market('BTCUSDT'), price(2, { bid: 1.5, ask: 2.5 }));
  const told = [await reader.next(), await reader.next(), await reader.next()];
  const tick = { ...about, source: 'bybit' };
  assert.deepEqual(told.map(contents), [
    { type: 'price', price: { ...tick, price: 1, exchangeTime: TRADED + 1, receivedAt: TRADED + 2 } },
    { type: 'candle', candle: sampleCandle(3) },
    {
      type: 'price',
      price: { ...tick, price: 2, bid: 1.5, ask: 2.5, exchangeTime: TRADED + 2, receivedAt: TRADED + 3 },
    },
  ]);
  assert.deepEqual(
    told.map(({ sequence }) => sequence - first.sequence),
    [1, 2, 3],
  );
  await reader.leave();
});

test('bot: its status and signals from the store, then from the bus', async (t) => {
  const { open, bus, commit } = await serverUnderTest(t);
  const signals = Array.from({ length: 30 }, (_, index) => sampleSignal('alpha', index));
  await commit('alpha', { signals, status: sampleStatus('alpha', { signals: 30 }) });
  const reader = open('/ws/bot/alpha/status');
  assert.deepEqual(contents(await reader.next()), {
    type: 'snapshot',
    bot: sampleStatus('alpha', { signals: 30 }),
    signals: signals.slice(-20),
  });
  await bus.publish(topics.botSignals('alpha'), sampleSignal('alpha', 30));
  await bus.publish(topics.botStatus('alpha'), sampleStatus('alpha', { slices: 4, equity: 10_001 }));
  assert.deepEqual(contents(await reader.next()), { type: 'signal', signal: sampleSignal('alpha', 30) });
  assert.deepEqual(contents(await reader.next()), {
    type: 'status',
    bot: sampleStatus('alpha', { slices: 4, equity: 10_001 }),
  });
  await reader.leave();
  const silent = open('/ws/bot/beta/status');
  assert.deepEqual(contents(await silent.next()), { type: 'snapshot', bot: null, signals: [] });
  await silent.leave();
});

test('portfolio: what the bot owns, and its fills to the last digit', async (t) => {
  const { open, bus, commit } = await serverUnderTest(t);
  await commit('alpha', { fills: [sampleFill('alpha', 1)], status: sampleStatus('alpha', { fills: 1 }) });
  const reader = open('/ws/portfolio/alpha');
  const { botId, marketTime, equity, balance, realisedProfit, fees, positions } = sampleStatus('alpha');
  const portfolio = { botId, marketTime, equity, balance, realisedProfit, fees, positions };
  const snapshot = { type: 'snapshot', portfolio, fills: [wireFill('alpha', 1)] };
  assert.deepEqual(contents(await reader.next()), snapshot);
  const exact = fixed<ReturnType<typeof sampleFill>['price']>('12345678901234567890.123456789012');
  await bus.publish(topics.tradeUpdates('alpha'), sampleFill('alpha', 2, { price: exact }));
  await bus.publish(topics.botStatus('alpha'), sampleStatus('alpha', { slices: 4, positions: [] }));
  const fill = { ...wireFill('alpha', 2), price: '12345678901234567890.123456789012' };
  assert.deepEqual(contents(await reader.next()), { type: 'fill', fill });
  const after = { type: 'portfolio', portfolio: { ...portfolio, positions: [] } };
  assert.deepEqual(contents(await reader.next()), after);
  await reader.leave();
});

test('a field that the protocol does not name stays inside', async (t) => {
  const { open, bus, ask, commit } = await serverUnderTest(t);
  const status = { ...sampleStatus('alpha'), apiSecret: 'canary' };
  await commit('alpha', { status });
  assert.ok(!(await ask('/api/bots/alpha')).text.includes('canary'));
  const reader = open('/ws/bot/alpha/status');
  await bus.publish(topics.botStatus('alpha'), { ...status, slices: 4 });
  assert.ok(!JSON.stringify(await reader.next()).includes('canary'));
  await bus.publish(topics.botStatus('alpha'), { ...status, slices: 5 });
  assert.ok(!JSON.stringify(await reader.next()).includes('canary'));
  await reader.leave();
});

test('whenever a client comes, no update is missing between snapshot and stream, and none comes twice', async (t) => {
  const { open, bus, commit } = await serverUnderTest(t);
  const last = 400;
  const readers: Promise<ChannelMessage[]>[] = [];
  for (let index = 1; index <= last; index++) {
    // As a bot does it: first the commit, then the word.
    const status = sampleStatus('alpha', { fills: index, slices: index });
    await commit('alpha', { fills: [sampleFill('alpha', index)], status });
    await bus.publish(topics.tradeUpdates('alpha'), sampleFill('alpha', index));
    await bus.publish(topics.botStatus('alpha'), status);
    if (index % 10 === 5) {
      const reader = open('/ws/portfolio/alpha');
      const isLast = (message: ChannelMessage) => message.type === 'fill' && message.fill.fillId === `alpha-o${last}/1`;
      readers.push(reader.until(isLast).finally(() => reader.leave()));
    }
    await nextTurn();
  }
  for (const messages of await Promise.all(readers)) {
    const [snapshot, ...updates] = messages;
    assert.equal(snapshot?.type, 'snapshot');
    assert.deepEqual(
      updates.map(({ sequence }) => sequence),
      updates.map((_, index) => snapshot!.sequence + 1 + index),
    );
    const ids = messages.flatMap((message) => {
      if (message.type === 'fill') return [message.fill.fillId];
      return message.type === 'snapshot' && 'fills' in message ? message.fills.map(({ fillId }) => fillId) : [];
    });
    const begin = Number(/\d+/.exec(ids[0]!)![0]);
    assert.deepEqual(
      ids,
      Array.from({ length: last - begin + 1 }, (_, index) => `alpha-o${begin + index}/1`),
    );
  }
});

test('what the bus lost of a bot comes from the store', async (t) => {
  const clock = new VirtualClock(epochMs(START));
  const { open, commit } = await serverUnderTest(t, { clock });
  await commit('alpha', { status: sampleStatus('alpha') });
  const reader = open('/ws/bot/alpha/status');
  await reader.next();
  // Committed, but never told: the connection to the bus broke at that moment, and the bot has ended.
  await commit('alpha', { status: sampleStatus('alpha', { lifecycle: 'finished' }) });
  await clock.advance(20_000);
  const repaired = await reader.next();
  assert.deepEqual(contents(repaired), { type: 'status', bot: sampleStatus('alpha', { lifecycle: 'finished' }) });
  await reader.leave();
});

test('unknown bots and symbols are hung up on with a reason; what is no name gets no handshake', async (t) => {
  const { open } = await serverUnderTest(t);
  for (const path of ['/ws/bot/gamma/status', '/ws/portfolio/gamma', '/ws/market/DOGEUSDT', '/ws/market/constructor']) {
    const { code, reason } = await open(path).closed;
    assert.deepEqual([code, reason], [4404, 'There is no such bot or symbol here.']);
  }
  for (const path of [
    '/ws/bot/al%2Fpha/status',
    '/ws/market/BTC%00',
    '/ws/nowhere',
    '/api/status',
    '/ws/market/BTCUSDT?a=1',
  ]) {
    assert.equal((await open(path).closed).code, 1006, path);
  }
});

test('a client that speaks is hung up on', async (t) => {
  const { open } = await serverUnderTest(t);
  for (const words of ['{"subscribe":"*"}', new Uint8Array(10), 'x'.repeat(100_000)]) {
    const reader = open('/ws/market/BTCUSDT');
    await reader.next();
    reader.socket.send(words);
    const { code } = await reader.closed;
    // 1009: so much that it was not even read.
    assert.equal(code, typeof words === 'string' && words.length > 1_024 ? 1009 : 1008);
  }
});

test('more clients than allowed are asked to come later', async (t) => {
  const { open } = await serverUnderTest(t, { limits: { maximumClients: 2 } });
  const readers = [open('/ws/market/BTCUSDT'), open('/ws/portfolio/alpha')];
  for (const reader of readers) await reader.next();
  const { code, reason } = await open('/ws/market/BTCUSDT').closed;
  assert.deepEqual([code, reason], [1013, 'There are too many clients.']);
  await readers[0]!.leave();
  // The server hears of it a moment after the client.
  let third = open('/ws/market/BTCUSDT');
  while ((await Promise.race([third.next(), third.closed.then(() => undefined)])) === undefined) {
    third = open('/ws/market/BTCUSDT');
  }
  await third.leave();
  await readers[1]!.leave();
});

test('without a store there is no bot snapshot, and the client is told to come again', async (t) => {
  const { open, store, logger } = await serverUnderTest(t);
  await store.close();
  const { code, reason } = await open('/ws/bot/alpha/status').closed;
  assert.deepEqual([code, reason], [1013, 'There is no snapshot to be had at present.']);
  assert.match(String(logger.of('error')[0]?.fields.error), /not open/);
  // Prices come from the bus.
  const reader = open('/ws/market/BTCUSDT');
  assert.equal((await reader.next()).type, 'snapshot');
  await reader.leave();
});

test('who answers pings stays, who does not is cut off', async (t) => {
  const clock = new VirtualClock();
  const { open, openByHand, ask, bus } = await serverUnderTest(t, { clock });
  const alive = open('/ws/market/BTCUSDT');
  await alive.next();
  const dead = (await openByHand('/ws/market/BTCUSDT')).resume();
  let isClosed = false;
  const closed = once(dead, 'close').then(() => {
    isClosed = true;
  });
  await clock.advance(20_000);
  // The pong comes over a real socket: an answer to a later question has overtaken nothing.
  for (let turn = 0; turn < 20; turn++) await ask('/health');
  assert.ok(!isClosed);
  await clock.advance(20_000);
  await closed;
  await bus.publish(topics.market('BTCUSDT'), price(1));
  assert.equal((await alive.next()).type, 'price');
  await alive.leave();
});

test('a client may ping; one that does not read its answers gets no more of them', async (t) => {
  const under = await serverUnderTest(t);
  const client = await under.openByHand('/ws/market/BTCUSDT');
  const received = collect(client);
  client.resume();
  // Masked, as a client must (RFC 6455, 5.3), by zeros.
  const ping = Buffer.from([0x89, 0x84, 0, 0, 0, 0, ...Buffer.from('tick')]);
  client.write(ping);
  const pongs = () => framesOf(received()).filter(({ opcode }) => opcode === 10);
  while (pongs().length === 0) await once(client, 'data');
  assert.equal(pongs()[0]?.text, 'tick');
  client.pause();
  const flood = Buffer.concat(Array.from({ length: 10_000 }, () => ping));
  for (let round = 0; round < 150; round++) if (!client.write(flood)) await once(client, 'drain');
  client.resume();
  await under.bus.publish(topics.market('BTCUSDT'), price(1));
  while (!received().toString('latin1').includes('"price":1,')) await once(client, 'data');
  assert.ok(pongs().length < 1_500_001, 'all were answered, however many lay unread');
  t.diagnostic(`${pongs().length - 1} of 1,500,000 pings were answered`);
  client.destroy();
});

test('the server says good-bye, and leaves nothing running', async (t) => {
  const clock = new VirtualClock();
  const { open, openByHand, server, bus } = await serverUnderTest(t, { clock });
  const readers = ['/ws/market/BTCUSDT', '/ws/bot/alpha/status', '/ws/portfolio/beta'].map((path) => open(path));
  for (const reader of readers) await reader.next();
  const rude = (await openByHand('/ws/market/BTCUSDT')).resume();
  const gone = once(rude, 'close');
  const closing = server.close();
  for (const reader of readers) {
    assert.deepEqual(await reader.closed, { code: 1001, reason: 'The server stops.' });
  }
  await clock.advance(2_000);
  await closing;
  await gone;
  await server.close();
  assert.equal(clock.pendingTimers, 0);
  await assert.rejects(fetch(`${server.url}/health`));
  // Nobody listens any more: a payload that no handler could read does no harm.
  await bus.publish(topics.botStatus('alpha'), null as never);
});

/** Waits until a connection that is not read has filled what the operating systems keep for it. */
async function fillUp(under: ServerUnderTest, publish: (index: number) => Promise<void>, count: number): Promise<void> {
  for (let index = 1; index <= count; index++) {
    await publish(index);
    if (index % 500 === 0) await under.ask('/health');
  }
}

/** The text messages in the bytes that a server has sent (RFC 6455, unmasked), up to the first that is incomplete. */
function framesOf(bytes: Buffer): { readonly opcode: number; readonly text: string }[] {
  const frames: { opcode: number; text: string }[] = [];
  for (let offset = 0; offset + 4 <= bytes.length; ) {
    const short = bytes[offset + 1]! & 0x7f;
    const [head, length] = short === 126 ? [4, bytes.readUInt16BE(offset + 2)] : [2, short];
    if (short === 127 || offset + head + length > bytes.length) break;
    frames.push({ opcode: bytes[offset]! & 0x0f, text: bytes.toString('utf8', offset + head, offset + head + length) });
    offset += head + length;
  }
  return frames;
}

function collect(socket: Socket): () => Buffer {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

test('a client that stops reading prices gets the latest one when it reads again', async (t) => {
  const under = await serverUnderTest(t);
  const slow = await under.openByHand('/ws/market/BTCUSDT');
  const fast = under.open('/ws/market/BTCUSDT');
  await fast.next();
  const count = 60_000;
  const heard = fast.until((message) => message.type === 'price' && message.price.price === count);
  await fillUp(under, (index) => under.bus.publish(topics.market('BTCUSDT'), price(index)), count);
  assert.equal((await heard).length, count);
  const received = collect(slow);
  slow.resume();
  const isLast = () => framesOf(received()).at(-1)?.text.includes(`"price":${count},`);
  while (!isLast()) await once(slow, 'data');
  const prices = framesOf(received())
    .filter(({ opcode }) => opcode === 1)
    .map(({ text }) => JSON.parse(text) as { sequence: number; type: string });
  const sequences = prices.filter(({ type }) => type === 'price').map(({ sequence }) => sequence);
  t.diagnostic(`it got ${sequences.length} of ${count} prices, the last among them`);
  assert.ok(sequences.length < count, 'the client was meant to be too slow');
  assert.ok(sequences.every((sequence, index) => index === 0 || sequence > sequences[index - 1]!));
  slow.destroy();
  await fast.leave();
});

test('a client that stops reading what can not be left out is hung up on; others do not notice', async (t) => {
  const clock = new VirtualClock(epochMs(START));
  const under = await serverUnderTest(t, { clock });
  const slow = await under.openByHand('/ws/portfolio/alpha');
  const fast = under.open('/ws/portfolio/alpha');
  await fast.next();
  const count = 60_000;
  const heard = fast.until((message) => message.type === 'fill' && message.fill.fillId === `alpha-o${count}/1`);
  await fillUp(under, (index) => under.bus.publish(topics.tradeUpdates('alpha'), sampleFill('alpha', index)), count);
  assert.equal((await heard).length, count);
  // It has a moment to read on and to hear why. It does not answer, and is cut off.
  const received = collect(slow);
  const goodbye = () => framesOf(received()).find(({ opcode }) => opcode === 8);
  slow.resume();
  while (!goodbye()) await once(slow, 'data');
  assert.match(goodbye()!.text, /You read too slowly\.$/);
  const closed = once(slow, 'close');
  await clock.advance(2_000);
  await closed;
  const fills = framesOf(received()).filter(({ opcode }) => opcode === 1).length;
  t.diagnostic(`it got ${fills} of ${count} fills, and was cut off`);
  assert.ok(fills < count);
  await fast.leave();
});
