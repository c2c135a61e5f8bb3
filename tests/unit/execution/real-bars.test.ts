import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import type { Execution } from '../../../src/domain/order.ts';
import { costPresets } from '../../../src/execution/cost-models.ts';
import { fromNumber } from '../../../src/foundation/fixed-point.ts';
import { Random } from '../../../src/foundation/random.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { assertRunIsSound } from './invariants.ts';
import { type OrderPlan, play, type Run, type Step } from './scenario.ts';
import type { VenueTerms } from './venue.ts';

// Recorded minutes of Bybit's linear BTCUSDT and DOGEUSDT, one order a minute drawn at random, so some of everything.

const MINUTES = 4000;
const bitcoin = sharedData('bybit-linear-1m/BTCUSDT-1m.csv.gz');
const dogecoin = sharedData('bybit-linear-1m/DOGEUSDT-1m.csv.gz');

type Bar = Step['bar'];

function barsOf(file: string): Bar[] {
  const lines = gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .slice(1, MINUTES + 1);
  return lines.map((line) => line.split(',').slice(1).map(Number) as unknown as Bar);
}

function randomSteps(bars: readonly Bar[], seed: number, reachInTicks: number): Step[] {
  const random = new Random(seed);
  const oneOf = <T>(...choices: readonly T[]): T => choices[random.integer(0, choices.length - 1)]!;
  const isSo = (chance: number): boolean => random.next() < chance;
  const type = (): Execution['type'] => oneOf('market', 'limit', 'limit', 'stop', 'take-profit', 'trailing-stop');
  const plan = (): OrderPlan => ({
    side: oneOf('buy', 'sell'),
    size: random.integer(1, 30),
    asShare: isSo(0.1),
    type: type(),
    priceOffset: random.integer(-reachInTicks, reachInTicks),
    limitOffset: isSo(0.5) ? random.integer(-reachInTicks, reachInTicks) : null,
    postOnly: isSo(0.2),
    timeInForce: oneOf('GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'GTD'),
    expiresIn: random.integer(1, 1_000_000),
    reduceOnly: isSo(0.3),
    isGrouped: isSo(0.3),
    follows: isSo(0.3),
  });
  return bars.map((bar) => ({
    orders: Array.from({ length: random.integer(0, 2) }, plan),
    cancel: isSo(0.2) ? random.integer(0, 1000) : null,
    bar,
  }));
}

function assertIsRich({ venue }: Run): void {
  const kinds = new Map<string, number>();
  for (const event of venue.events) kinds.set(event.kind, (kinds.get(event.kind) ?? 0) + 1);
  for (const kind of ['accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected']) {
    assert.ok((kinds.get(kind) ?? 0) > 50, `${kind}: ${kinds.get(kind)}`);
  }
  const makers = venue.fills.filter((fill) => fill.liquidity === 'maker').length;
  assert.ok(makers > 200 && venue.fills.length - makers > 200, `${makers} of ${venue.fills.length} fills are makers'`);
}

describe('random orders on recorded bars', { skip: skipUnless(bitcoin, dogecoin) }, () => {
  const grid = (tickSize: string, stepSize: string): Instrument =>
    instrument({ symbol: 'ACME', baseCurrency: 'COIN', quoteCurrency: 'USD', tickSize, stepSize });
  const BTC = grid('0.1', '0.001');
  const DOGE = grid('0.00001', '1');
  const linear: VenueTerms = { instruments: [BTC], costs: costPresets['bybit-linear'] };
  const settings: [string, string | undefined, number, VenueTerms][] = [
    ['BTCUSDT, fees only', bitcoin, 700, linear],
    [
      'BTCUSDT, latency, impact, a hundredth of the volume, through',
      bitcoin,
      700,
      {
        ...linear,
        costs: {
          ...costPresets['bybit-linear'],
          spread: { kind: 'ticks', ticks: 1 },
          slippage: { kind: 'volume-impact', shape: 'square-root', basisPointsAtFullVolume: 30 },
        },
        latencyMs: 120,
        options: { limitFill: 'through', maximumVolumeShare: 0.01 },
      },
    ],
    [
      'DOGEUSDT, spot, random slippage, nearest-first',
      dogecoin,
      60,
      {
        instruments: [{ ...DOGE, shortable: false }],
        costs: {
          ...costPresets['binance-spot'],
          spread: { kind: 'basis-points', basisPoints: 1 },
          slippage: { kind: 'random', minimumBasisPoints: 0, maximumBasisPoints: 5 },
        },
        latencyMs: 20,
        options: { path: 'nearest-first' },
      },
    ],
  ];

  for (const [name, file, reach, terms] of settings) {
    test(`${name}: sound, and the same after a restart`, () => {
      const bars = barsOf(file!);
      const steps = randomSteps(bars, 17, reach);
      const run = play(terms, steps, bars[0]![0]);
      assertIsRich(run);
      assertRunIsSound(run.venue, terms, run.orders, run.bars);
      const resumed = play(terms, steps, bars[0]![0], MINUTES / 2);
      assert.deepEqual(resumed.venue.events, run.venue.events);
    });
  }

  test('without costs and latency a market order pays the next open, to the last digit', () => {
    const bars = barsOf(bitcoin!);
    const buy: OrderPlan = {
      side: 'buy',
      size: 1,
      asShare: false,
      type: 'market',
      priceOffset: 0,
      limitOffset: null,
      postOnly: false,
      timeInForce: 'GTC',
      expiresIn: 1,
      reduceOnly: false,
      isGrouped: false,
      follows: false,
    };
    const { venue } = play(
      { instruments: [BTC] },
      bars.map((bar) => ({ orders: [buy], cancel: null, bar })),
      bars[0]![0],
    );
    assert.deepEqual(
      venue.fills.map((fill) => fill.price),
      bars.map(([open]) => fromNumber(open)),
    );
  });
});
