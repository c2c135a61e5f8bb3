import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFixed } from '../../../src/foundation/fixed-point.ts';
import { inferInstrument, splitSymbol } from '../../../src/providers/files/infer-instrument.ts';

test('a symbol is split in base and quote', () => {
  const split = (symbol: string): string => Object.values(splitSymbol(symbol)).join(' in ');
  const expected: readonly (readonly [string, string])[] = [
    ['BTCUSDT', 'BTC in USDT'],
    ['BTCUSD', 'BTC in USD'],
    ['ETHBTC', 'ETH in BTC'],
    ['1000PEPEUSDT', '1000PEPE in USDT'],
    ['SOLUSDT-PERP', 'SOL in USDT'],
    ['BTC/USDT:USDT', 'BTC in USDT'],
    ['BTC_USDT_USDT', 'BTC in USDT'],
    ['btc-usd', 'BTC in USD'],
    ['EURUSD=X', 'EUR in USD'],
    ['GOOG', 'GOOG in USD'],
    ['RELIANCE.NS', 'RELIANCE.NS in INR'],
    ['^GSPC', '^GSPC in USD'],
    ['BRK-B', 'BRK-B in USD'],
  ];
  for (const [symbol, words] of expected) assert.equal(split(symbol), words);
});

test('tick and step are the smallest units that were seen', () => {
  const made = (price: number, quantity: number): string[] => {
    const { tickSize, stepSize, minimumQuantity } = inferInstrument('BTCUSDT', { decimals: { price, quantity } });
    return [tickSize, stepSize, minimumQuantity].map(formatFixed);
  };
  assert.deepEqual(made(1, 3), ['0.1', '0.001', '0.001']);
  assert.deepEqual(made(0, 0), ['1', '1', '1']);
  assert.deepEqual(made(8, 17), ['0.00000001', '0.00000001', '0.00000001']);
});
