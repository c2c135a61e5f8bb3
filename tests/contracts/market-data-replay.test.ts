import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { feedName } from '../../src/domain/candle.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { MINUTE_MS } from '../../src/foundation/time.ts';
import { ReplayFeed } from '../../src/providers/files/replay-feed.ts';
import { scriptedCandles } from '../support/venues/scripted-market.ts';
import { marketDataContract } from './market-data.contract.ts';

const LENGTH = 40;

marketDataContract({
  name: 'replay',
  canLoseConnection: false,
  hasPrices: false,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-replay-'));
    const feeds = [
      { symbol: 'BTCUSDT', timeframe: '1m' },
      { symbol: 'ETHUSDT', timeframe: '1m' },
    ] as const;
    const script = new Map(feeds.map((feed, index) => [feedName(feed), scriptedCandles(LENGTH, 100 * (index + 1))]));
    const files = new Map<string, string>();
    for (const { symbol, timeframe } of feeds) {
      const path = join(folder, `${symbol}.csv`);
      const rows = script
        .get(feedName({ symbol, timeframe }))!
        .map((c) => [c.openTime, c.open, c.high, c.low, c.close, c.volume].join(','));
      writeFileSync(path, ['timestamp,open,high,low,close,volume', ...rows, ''].join('\n'));
      files.set(symbol, path);
    }
    const clock = new VirtualClock();
    const provider = new ReplayFeed({ files, clock, speed: 1 });
    // The first moment comes at once: the second candle, after a resume point at the first.
    const already = 2;
    return {
      provider,
      feeds,
      script,
      already,
      pass: (candles) => clock.advance(candles * MINUTE_MS),
      async until(holds, what) {
        for (let turn = 0; turn < 200 && !holds(); turn++) await clock.advance(0);
        if (!holds()) throw new Error(`still waiting for ${what}`);
      },
      quiet: () => clock.advance(0),
      async close() {
        rmSync(folder, { recursive: true });
      },
    };
  },
});
