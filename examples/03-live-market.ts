// A live market in a program of your own: streams of candles and prices, an adapter that waits for the next candle, and
// an agent that trades on paper.
//
//   node examples/03-live-market.ts                                  the recorded bars that come along, half an hour a second
//   node examples/03-live-market.ts bybit                            an exchange
//   node examples/03-live-market.ts bybit http://127.0.0.1:8080 5    five candles of a simulated one (tradewind exchange)
//
// It ends after 30 candles where it is not told how many.

import { type CandleWindow, rsiColumn, type TradeAction, type TradingAgent } from 'tradewind';
import { openLiveMarket } from 'tradewind/live';

const [provider = 'replay', url, candles = '30'] = process.argv.slice(2);
const symbols = ['BTCUSDT', 'ETHUSDT'];

// 1. The market: a collector, a bus and a store in this process.
const market = await openLiveMarket({ provider, symbols, history: 50, ...(url !== undefined && { url }) });

// 2. Streams: each symbol its own, each callback its own queue. A slow one delays nobody and misses no candle.
const streams = market.streams({ bufferSize: 200 });
streams.onCandle(({ symbol, closeTime, close }) => {
  console.log(`${new Date(closeTime).toISOString()}  ${symbol} closed at ${close}`);
});
market.prices.onStale(({ symbol, isStale }) => console.log(`${symbol} is ${isStale ? 'stale' : 'fresh again'}`));
await streams.startAll();

// 3. An agent: three closes in a row decide. It could as well be a trained model; the bars are all that it sees.
class Momentum implements TradingAgent {
  readonly name = 'momentum';
  readonly lookback = 3;

  act(window: CandleWindow): TradeAction {
    const rising = window.close() > window.close(1) && window.close(1) > window.close(2);
    const falling = window.close() < window.close(1) && window.close(1) < window.close(2);
    return rising ? 'buy' : falling ? 'sell' : 'hold';
  }
}

// 4. On paper: with its own account, fees, position limits and a record of every decision.
const trader = await market.trader({ strategy: new Momentum(), symbols: ['BTCUSDT'], startingBalance: 50_000 });
trader.onDecision(({ signal, price, priceSource, outcome }) => {
  console.log(`${signal.symbol}: ${signal.reason} at ${price} (${priceSource}): ${outcome.kind}`);
});
await trader.start();

// 5. The loop of a program that looks on: wait for a candle, read the window, look at the price.
const adapter = await market.adapter({ symbol: 'BTCUSDT', bufferSize: 200 });
for (let left = Number(candles); left > 0 && (await adapter.waitForUpdate(120_000)); left -= 1) {
  const state = adapter.latestState(20);
  const rsi = state === undefined ? Number.NaN : rsiColumn(state.close, 14).at(-1)!;
  const price = market.prices.price('BTCUSDT');
  const age = market.prices.priceAgeMs('BTCUSDT') ?? Number.NaN;
  const volatility = market.prices.volatility('BTCUSDT', 20) ?? Number.NaN;
  console.log(
    `BTCUSDT ${price?.price} from ${price?.source}, ${Math.round(age)} ms old, RSI ${rsi.toFixed(1)}, volatility ${(100 * volatility).toFixed(3)} % a bar`,
  );
}

// 6. The end.
console.log('prices', Object.fromEntries(streams.latestPrices()));
for (const { source, isConnected, reconnects } of market.prices.connections()) {
  console.log(`${source}: ${isConnected ? 'connected' : 'not connected'}, ${reconnects} reconnects`);
}
await trader.stop();
const { fills, roundTrips, winRate, profit, portfolioValue } = trader.statistics();
console.log(
  `${fills} fills, ${roundTrips} round trips, win rate ${winRate ?? '–'}, profit ${profit.toFixed(2)}, worth ${portfolioValue.toFixed(2)}`,
);
await market.close();
