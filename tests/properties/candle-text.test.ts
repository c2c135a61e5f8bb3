import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodePayload } from '../../src/bus/event-codec.ts';
import { logs, topics } from '../../src/bus/topics.ts';
import type { CandleMessage, MarketLogEntry, MarketMessage } from '../../src/domain/event.ts';
import { epochMs } from '../../src/foundation/time.ts';

const time = fc.integer({ min: 0, max: 2e12 }).map(epochMs);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const candle: fc.Arbitrary<CandleMessage> = fc.record({
  symbol: fc.string(),
  timeframe: fc.constant('1m' as const),
  openTime: time,
  closeTime: time,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  sequence: fc.nat(),
  watermark: time,
  source: fc.string(),
  receivedAt: time,
});

test('a candle is written once for its topic, its market and the log, and each text is what JSON would be', () => {
  const each = fc.array(fc.record({ candle, raw: fc.option(fc.string()), index: fc.nat() }), { maxLength: 40 });
  fc.assert(
    fc.property(each, (all) => {
      for (const { candle: one, raw, index } of all) {
        const market: MarketMessage = { kind: 'candle', candle: one };
        const entry: MarketLogEntry = { kind: 'candle', index, candle: one, raw };
        assert.equal(encodePayload(logs.market.codec, entry), JSON.stringify(entry));
        assert.equal(encodePayload(topics.candle(one.symbol, one.timeframe).codec, one), JSON.stringify(one));
        assert.equal(encodePayload(topics.market(one.symbol).codec, market), JSON.stringify(market));
      }
      for (const { candle: one } of all) {
        assert.equal(encodePayload(topics.candle(one.symbol, one.timeframe).codec, one), JSON.stringify(one));
      }
    }),
  );
});

test('what is no candle is written as it is', () => {
  const end: MarketLogEntry = { kind: 'watermark', index: 3, watermark: epochMs(5), end: true };
  assert.equal(encodePayload(logs.market.codec, end), JSON.stringify(end));
});
