import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { openProvider } from '../../src/app/provider-registry.ts';
import { type Feed, feedName } from '../../src/domain/candle.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { ScriptedMarket } from '../support/venues/scripted-market.ts';
import { type MarketDataHarness, marketDataContract } from './market-data.contract.ts';

const LENGTH = 40;
const ALREADY = 5;
const PATIENCE_MS = 15_000;

/** A user's provider: asks a server of theirs for closed bars, again and again. */
const OWN = `
import { type Candle, defineProvider, type EpochMs, epochMs, feedName, instrument, type MarketDataProvider, UserError } from 'tradewind';

export default defineProvider({
  name: 'my-bars',
  open({ url, clock }): MarketDataProvider {
    const ask = async (path: string) => (await fetch(url + path)).json();
    let isStopped = false;
    let running: Promise<void> = Promise.resolve();
    return {
      name: 'my-bars',
      delayMs: 0,
      async instruments(feeds) {
        return feeds.map(({ symbol }) =>
          instrument({ symbol, baseCurrency: symbol, quoteCurrency: 'USD', tickSize: '0.25', stepSize: '1' }),
        );
      },
      async start(feeds, resumeAfter, sink) {
        const symbols = (await ask('/symbols')) as readonly string[];
        const unknown = feeds.find(({ symbol }) => !symbols.includes(symbol));
        if (unknown !== undefined) throw new UserError('There is no symbol ' + unknown.symbol + '.');
        const given = new Map<string, EpochMs>(feeds.map((feed) => [feedName(feed), resumeAfter.get(feedName(feed)) ?? epochMs(0)]));
        let complete = Math.min(...given.values());
        const round = async () => {
          for (const feed of feeds) {
            const name = feedName(feed);
            const bars = (await ask('/bars/' + feed.symbol + '?after=' + given.get(name)).catch(() => [])) as readonly Candle[];
            for (const candle of bars) {
              if (isStopped) return;
              await sink.candle(feed, candle, null);
              given.set(name, candle.closeTime);
            }
          }
          const reached = Math.min(...given.values());
          if (isStopped || reached <= complete) return;
          complete = reached;
          await sink.watermark(epochMs(reached));
        };
        const run = async () => {
          while (!isStopped) {
            await round();
            await new Promise<void>((resolve) => clock.after(20, resolve));
          }
        };
        running = run().catch((error: Error) => sink.end(error));
      },
      async stop() {
        isStopped = true;
        await running;
      },
    };
  },
});
`;

async function open(): Promise<MarketDataHarness> {
  const market = new ScriptedMarket(['AAA', 'BBB'], LENGTH, ALREADY);
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-own-'));
  const path = join(folder, 'my-bars.ts');
  writeFileSync(path, OWN);
  let isCut = false;
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', async (request) => {
    if (isCut) request.raw.socket.destroy();
  });
  app.get('/symbols', async () => market.symbols);
  app.get<{ Params: { symbol: string }; Querystring: { after: string } }>('/bars/:symbol', async ({ params, query }) =>
    market.rows(params.symbol, Number(query.after), LENGTH).filter(({ closeTime }) => closeTime <= market.now),
  );
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const provider = await openProvider(path, {
    ...{ url, kind: null, history: 0, files: new Map(), speed: 1 },
    ...{ clock: systemClock, random: new Random(1), logger: silentLogger },
  });
  const feeds: [Feed, Feed] = [
    { symbol: 'AAA', timeframe: '1m' },
    { symbol: 'BBB', timeframe: '1m' },
  ];
  return {
    provider,
    feeds,
    script: new Map(feeds.map((feed) => [feedName(feed), market.script.get(feed.symbol)!])),
    already: ALREADY,
    async pass(candles) {
      for (let candle = 0; candle < candles; candle++) market.endMinute();
      market.settleIntoMinute();
    },
    async until(holds, what) {
      for (let begun = systemClock.monotonic(); !holds(); ) {
        if (systemClock.monotonic() - begun > PATIENCE_MS) throw new Error(`still waiting for ${what}`);
        await sleep(systemClock, 5);
      }
    },
    quiet: () => sleep(systemClock, 100),
    cut: () => {
      isCut = true;
    },
    restore: () => {
      isCut = false;
    },
    async close() {
      await app.close();
      rmSync(folder, { recursive: true });
    },
  };
}

marketDataContract({ name: 'a provider in a file of the user', open, canLoseConnection: true, hasPrices: false });
