import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { Console } from '../../../src/cli/console.ts';
import { openLiveScreen } from '../../../src/cli/live-screen.ts';
import { renderLiveLine, renderLiveView } from '../../../src/cli/live-terminal.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import type { LiveConnection } from '../../../src/protocol/live-view.ts';
import { botStatus, fill, liveView } from './live-views.ts';

const wide = { width: 120, height: 60, colour: false };

test('shows prices with their age, bots, equity, trades and progress', () => {
  const picture = renderLiveView(liveView(), wide);
  for (const part of [
    'replay, ×600',
    '2025-05-06 12:34 UTC',
    '00:00:10',
    ' 25 %',
    '2,000 candles, 200/s',
    '94,000.1',
    '+1.23 %',
    '0.3 s',
    '0.4 s',
    '94,000.2',
    '0.09 %',
    'bybit, candles',
    '2 min stale',
    '-2.00 %',
    '2 min',
    'moving-average-cross',
    'running',
    '+0.01 BTCUSDT',
    '10,040.00',
    '+40.00',
    '50 %',
    'bought 0.01 BTCUSDT at 93,000.5',
    'sold',
    'something happened',
  ]) {
    assert.ok(picture.includes(part), `${part} is missing in\n${picture}`);
  }
  assert.match(picture, /\[?█+░+/);
});

test('says what it trades on, and why only exits go there', () => {
  const view = (trouble: string | null) => liveView({ account: { name: 'bybit-demo', isReal: false, trouble } });
  const waiting = view('the account is not connected yet');
  assert.match(
    renderLiveView(waiting, wide),
    /demo account bybit-demo .*\nExits only: the account is not connected yet\n/,
  );
  assert.match(renderLiveLine(waiting), /\(exits only: the account is not connected yet\)/);
  for (const text of [renderLiveView(view(null), wide), renderLiveLine(view(null))]) {
    assert.doesNotMatch(text, /exits only/i);
  }
});

test('a line for each provider: connected or not, silent topics, reconnects', () => {
  const connection: LiveConnection = {
    ...{ source: 'bybit', transport: 'stream' as const, isConnected: true, sockets: 2, liveSockets: 2, reconnects: 1 },
    ...{ staleTopics: [], delayMs: 0, toldAgeMs: 900 },
  };
  const down: LiveConnection = { ...connection, isConnected: false, liveSockets: 1, reconnects: 4, toldAgeMs: 75_000 };
  const picture = renderLiveView(
    liveView({
      connections: [
        connection,
        { ...down, source: 'okx', staleTopics: ['price BTCUSDT', 'price ETHUSDT', 'candles BTCUSDT 1m'] },
        { ...connection, source: 'yahoo', transport: 'poll', sockets: 0, liveSockets: 0, delayMs: 900_000 },
      ],
    }),
    wide,
  );
  const lines = picture.split('\n');
  const from = lines.indexOf('Connections');
  assert.deepEqual(lines.slice(from + 1, from + 4), [
    'bybit  connected  2 of 2 sockets live, 1 reconnect',
    'okx  not connected  1 of 2 sockets live, 4 reconnects, told 1 min ago  stale: price BTCUSDT, price ETHUSDT and 1 more',
    'yahoo  connected  by requests, delayed by 15 min, 1 reconnect',
  ]);
  assert.ok(!renderLiveView(liveView(), wide).includes('Connections'));
  // A narrow terminal keeps what matters most.
  const narrow = renderLiveView(liveView(), { ...wide, width: 80 });
  assert.ok(narrow.includes('2 min stale') && !narrow.includes('94,000.2'), narrow);
});

test('before the first candle there is nothing to show but that', () => {
  const empty = liveView({
    marketTime: null,
    prices: [],
    bots: [],
    lastFills: [],
    equity: [],
    events: [],
    elapsedMs: 0,
  });
  assert.equal(renderLiveView({ ...empty, progress: null, speed: null }, wide).split('\n').length, 2);
  assert.match(renderLiveView(empty, wide), /waiting for the first candle/);
  assert.match(renderLiveLine(empty), /^waiting for the first candle, 25\.00 % done: 0 candles, 0 bots/);
});

test('never larger than the screen, whatever is in it', () => {
  const name = fc.string({ unit: 'binary', maxLength: 40 });
  const view = fc.record({
    symbol: name,
    botId: name,
    strategy: name,
    event: name,
    bots: fc.integer({ min: 0, max: 30 }),
    fills: fc.integer({ min: 0, max: 30 }),
    width: fc.integer({ min: 1, max: 200 }),
    height: fc.integer({ min: 1, max: 60 }),
    colour: fc.boolean(),
  });
  fc.assert(
    fc.property(view, ({ symbol, botId, strategy, event, bots, fills, width, height, colour }) => {
      const picture = renderLiveView(
        liveView({
          bots: Array.from({ length: bots }, () => botStatus({ botId, strategy })),
          lastFills: Array.from({ length: fills }, () => fill({ symbol, botId })),
          events: [event],
        }),
        { width, height, colour },
      );
      const lines = picture.split('\n');
      assert.ok(lines.length <= height, `${lines.length} lines on a screen of ${height}`);
      for (const line of lines) assert.ok([...stripVTControlCharacters(line)].length <= width, line);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.doesNotMatch(picture.replaceAll(/\u001b\[\d+m/g, ''), /[\u0000-\u0009\u000b-\u001f\u007f]/);
    }),
  );
});

test('no colours where they are not wanted', () => {
  assert.doesNotMatch(renderLiveView(liveView(), wide), new RegExp(String.fromCharCode(27)));
  assert.match(renderLiveView(liveView(), { ...wide, colour: true }), new RegExp(String.fromCharCode(27)));
});

test('a plain line for logs', () => {
  const failed = liveView({ bots: [botStatus(), botStatus({ lifecycle: 'failed' })] });
  assert.equal(
    renderLiveLine(failed),
    '2025-05-06 12:34 UTC, 25.00 % done: 2,000 candles, 2 bots, 1 failed, equity 20,080.00, profit +80.00, 4 trades',
  );
});

function fakeConsole(isTerminal: boolean): { console: Console; written: string[] } {
  const written: string[] = [];
  const terminal = { isTerminal, colour: false, width: () => 80, height: () => 24 };
  const console: Console = { out: (text) => written.push(text), err: () => {}, output: terminal, errors: terminal };
  return { console, written };
}

test('a terminal is redrawn four times a second at most, and gets its cursor back', async () => {
  const clock = new VirtualClock();
  const { console, written } = fakeConsole(true);
  const screen = openLiveScreen(console, clock, 'HEAD\n');
  assert.equal(written.length, 0);
  for (let tick = 0; tick < 100; tick++) {
    screen.show(liveView({ elapsedMs: tick * 10 }));
    await clock.advance(10);
  }
  const pictures = written.filter((text) => text.includes('Tradewind'));
  assert.ok(pictures.length >= 4 && pictures.length <= 5, `${pictures.length} pictures in a second`);
  assert.ok(written[0]!.startsWith('HEAD\n'));
  screen.close();
  screen.close();
  assert.equal(clock.pendingTimers, 0);
  const text = written.join('');
  assert.equal(text.split('\u001b[?25h').length, 2);
  assert.ok(text.indexOf('\u001b[?25l') < text.indexOf('\u001b[?25h'));
});

test('a screen that never showed anything leaves nothing behind', () => {
  const { console, written } = fakeConsole(true);
  openLiveScreen(console, new VirtualClock(), 'HEAD\n').close();
  assert.deepEqual(written, []);
});

test('elsewhere there is a line every few seconds, and one at the end', async () => {
  const clock = new VirtualClock();
  const { console, written } = fakeConsole(false);
  const screen = openLiveScreen(console, clock, 'HEAD\n');
  for (let tick = 0; tick < 121; tick++) {
    screen.show(liveView());
    await clock.advance(100);
  }
  assert.equal(written.length, 1 + 3);
  screen.show(liveView({ progress: 1 }));
  screen.close();
  assert.match(written.at(-1)!, /100\.00 % done/);
  screen.close();
  assert.equal(written.length, 1 + 4);
});
