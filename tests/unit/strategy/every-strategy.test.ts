import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signalDefect } from '../../../src/engine/signal-check.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { definitionDefect } from '../../../src/strategy/check-definition.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';
import { bundledBars, everyNth } from './bars.ts';
import { Replay } from './replay.ts';

const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'] as const;
const bars = new Map(symbols.map((symbol) => [symbol, everyNth(bundledBars(symbol), 5)]));

function replayOf(definition: AnyStrategyDefinition, parameters: Readonly<Record<string, unknown>>): Replay {
  const traded = symbols.slice(0, Math.min(3, definition.symbols?.maximum ?? 1));
  return new Replay(definition, parameters, Object.fromEntries(traded.map((symbol) => [symbol, [bars.get(symbol)!]])));
}

/** Parameters that bring the optional parts of each strategy into play as well. */
const rich: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'moving-average-cross': { type: 'ema', stopAtr: 2 },
  'donchian-breakout': { trailingAtr: 2, exitPeriod: 20 },
  'bollinger-reversion': { maximumBars: 10, exitDeviations: 0.5, rsiLimit: 45 },
  'momentum-rotation': { holdings: 2, volatilityAdjusted: false, onlyRising: false, lookback: 30, rebalanceBars: 7 },
  'market-maker': { fairPeriod: 1, skew: 2, refreshBars: 10 },
};

test('there are five, each with a name of its own and rich parameters in this test', () => {
  assert.deepEqual(
    builtinStrategies.map(({ name }) => name),
    Object.keys(rich),
  );
});

for (const definition of builtinStrategies) {
  const { name } = definition;

  test(`${name}: the definition is sound`, () => {
    assert.equal(definitionDefect(definition), undefined);
  });

  test(`${name}: indicators() gives what is declared as plots, as numbers once warmed up`, () => {
    const replay = replayOf(definition, {});
    assert.deepEqual(Object.keys(replay.strategy.indicators()).sort(), Object.keys(definition.plots ?? {}).sort());
    let complete = false;
    while (replay.step()) {
      const values = Object.values(replay.strategy.indicators());
      assert.ok(values.every((value) => typeof value === 'number'));
      complete ||= values.every(Number.isFinite);
    }
    assert.ok(complete);
  });

  for (const [kind, parameters] of Object.entries({ default: {}, rich: rich[name]! })) {
    test(`${name}: every signal names its symbol and says why with numbers (${kind} parameters)`, () => {
      const { decided, market } = replayOf(definition, parameters).run();
      assert.ok(decided.length > 20, `${decided.length} signals`);
      for (const { signal } of decided) {
        assert.equal(signalDefect(signal, market.symbols), undefined);
        assert.match(signal.reason, /\d/);
        assert.doesNotMatch(signal.reason, /NaN|undefined|Infinity/);
      }
    });

    test(`${name}: saved as JSON at any point and taken up by a new instance, it decides the same to the bit (${kind} parameters)`, () => {
      const whole = replayOf(definition, parameters);
      const restarted = replayOf(definition, parameters);
      for (let step = 0; ; step += 1) {
        const more = whole.step();
        assert.equal(restarted.step(), more);
        if (!more) break;
        assert.deepEqual(restarted.strategy.indicators(), whole.strategy.indicators());
        if (step % 97 !== 5) continue;
        const saved = JSON.parse(JSON.stringify(restarted.strategy.snapshot())) as Json;
        restarted.strategy = restarted.create();
        restarted.strategy.restore(saved);
      }
      assert.deepEqual(restarted.decided, whole.decided);
      assert.deepEqual(restarted.strategy.snapshot(), whole.strategy.snapshot());
    });
  }
}
