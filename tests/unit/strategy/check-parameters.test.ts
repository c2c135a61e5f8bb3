import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/foundation/errors.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { checkParameters, parameterHelp } from '../../../src/strategy/check-parameters.ts';
import donchianBreakout from '../../../src/strategy/donchian-breakout.ts';
import momentumRotation from '../../../src/strategy/momentum-rotation.ts';
import movingAverageCross from '../../../src/strategy/moving-average-cross.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';

function refusal(definition: AnyStrategyDefinition, given: Readonly<Record<string, unknown>>): string {
  const checked = checkParameters(definition, given);
  assert.ok(!checked.ok, 'was accepted');
  assert.ok(checked.error instanceof UserError);
  return checked.error.message;
}

test('what is not given gets its default', () => {
  const checked = checkParameters(movingAverageCross, { slow: 50, type: undefined });
  assert.deepEqual(checked, {
    ok: true,
    value: { fast: 10, slow: 50, type: 'sma', direction: 'long-short', stopAtr: 0, atrPeriod: 14 },
  });
});

test('texts of a command line are read by the declared type', () => {
  const checked = checkParameters(momentumRotation, {
    lookback: ' 20 ',
    exposure: '.5',
    onlyRising: 'no',
    volatilityAdjusted: 'true',
    tolerance: '1e-3',
  });
  assert.ok(checked.ok);
  const { lookback, exposure, onlyRising, volatilityAdjusted, tolerance } = checked.value;
  assert.deepEqual([lookback, exposure, onlyRising, volatilityAdjusted, tolerance], [20, 0.5, false, true, 0.001]);
});

const refusals: readonly (readonly [AnyStrategyDefinition, Readonly<Record<string, unknown>>, string])[] = [
  [
    movingAverageCross,
    { fats: 10 },
    'The strategy moving-average-cross has no parameter "fats". Did you mean fast? It has fast, slow, type, direction, stopAtr, atrPeriod.',
  ],
  [
    movingAverageCross,
    { quantum: 1 },
    'The strategy moving-average-cross has no parameter "quantum". It has fast, slow, type, direction, stopAtr, atrPeriod.',
  ],
  [
    movingAverageCross,
    { fast: 'ten' },
    'The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is "ten".',
  ],
  [
    movingAverageCross,
    { fast: '' },
    'The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is "".',
  ],
  [
    movingAverageCross,
    { fast: '0x10' },
    'The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is "0x10".',
  ],
  [
    movingAverageCross,
    { fast: 2.5 },
    'The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is 2.5.',
  ],
  [
    movingAverageCross,
    { fast: 0 },
    'The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is 0.',
  ],
  [
    movingAverageCross,
    { stopAtr: Number.NaN },
    'The parameter stopAtr of moving-average-cross must be a number from 0 to 50, but is NaN.',
  ],
  [
    movingAverageCross,
    { stopAtr: [2] },
    'The parameter stopAtr of moving-average-cross must be a number from 0 to 50, but is a list.',
  ],
  [
    movingAverageCross,
    { type: 'EMA' },
    'The parameter type of moving-average-cross must be sma or ema, but is "EMA". Did you mean ema?',
  ],
  [movingAverageCross, { type: null }, 'The parameter type of moving-average-cross must be sma or ema, but is null.'],
  [
    momentumRotation,
    { onlyRising: 'maybe' },
    'The parameter onlyRising of momentum-rotation must be true or false, but is "maybe".',
  ],
  [
    momentumRotation,
    { onlyRising: 1 },
    'The parameter onlyRising of momentum-rotation must be true or false, but is 1.',
  ],
  [
    movingAverageCross,
    { fast: '50' },
    'The parameters of moving-average-cross do not go together: fast (50) must be less than slow (30), or the averages mean the opposite.',
  ],
  [
    donchianBreakout,
    { exitPeriod: 30 },
    'The parameters of donchian-breakout do not go together: exitPeriod (30) must not be longer than entryPeriod (20), or no exit comes before the opposite entry.',
  ],
];

for (const [definition, given, message] of refusals) {
  test(`refuses ${JSON.stringify(given)} for ${definition.name}`, () => {
    assert.equal(refusal(definition, given), message);
  });
}

test('names that every object has are no parameters', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    assert.match(refusal(movingAverageCross, JSON.parse(`{"${name}": 1}`)), /has no parameter/);
  }
});

test('whatever is given, the values are in range or there is one sentence for it', () => {
  const anything = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant('5'));
  for (const definition of builtinStrategies) {
    const names = Object.keys(definition.parameters);
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), anything, { maxKeys: 3 }),
        (given) => {
          const checked = checkParameters(definition, given);
          if (!checked.ok) return assert.ok(checked.error.message.length > 20);
          assert.deepEqual(Object.keys(checked.value), names);
          for (const [name, spec] of Object.entries(definition.parameters)) {
            const value: unknown = checked.value[name];
            if (spec.type === 'choice') assert.ok(spec.choices.includes(value as string));
            else if (spec.type === 'flag') assert.equal(typeof value, 'boolean');
            else assert.ok(Number(value) >= spec.minimum && Number(value) <= spec.maximum);
          }
        },
      ),
    );
  }
});

test('the help has a row for each parameter, in order', () => {
  const rows = parameterHelp(movingAverageCross);
  assert.deepEqual(rows.slice(0, 3), [
    { name: 'fast', type: 'integer', default: '10', range: '1 to 1000', description: 'Bars of the fast average' },
    { name: 'slow', type: 'integer', default: '30', range: '2 to 5000', description: 'Bars of the slow average' },
    {
      name: 'type',
      type: 'choice',
      default: 'sma',
      range: 'sma or ema',
      description: 'Simple or exponential averages',
    },
  ]);
  assert.deepEqual(parameterHelp(momentumRotation).find(({ name }) => name === 'onlyRising')?.range, 'true or false');
});
