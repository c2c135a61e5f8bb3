import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { axisValues, readAxis } from '../../../src/backtest/sweep-axis.ts';
import { readSpace, type SpaceWishes, SweepSpace } from '../../../src/backtest/sweep-space.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { decimal } from '../../../src/strategy/parameters.ts';

const cross = builtinStrategies.find(({ name }) => name === 'moving-average-cross')!;

function space(wishes: Partial<SpaceWishes> & { readonly of?: readonly string[] }): SweepSpace {
  const set = (wishes.of ?? []).map((text) => {
    const [name, value] = text.split('=') as [string, string];
    return { name, value };
  });
  return new SweepSpace(cross, readSpace(cross, { set, where: [], random: null, ...wishes }));
}

function points(of: SweepSpace): { readonly point: number; readonly fast: unknown; readonly slow: unknown }[] {
  const found = [];
  for (let index = 0; index < of.entries; index++) {
    const entry = of.entry(index);
    if (entry.kind === 'point') {
      found.push({ point: entry.point, fast: entry.parameters.fast, slow: entry.parameters.slow });
    }
  }
  return found;
}

describe('the grid of a sweep', () => {
  it('has every combination, the last axis changing fastest', () => {
    assert.deepEqual(points(space({ of: ['fast=5:15:5', 'slow=20,40'] })), [
      { point: 0, fast: 5, slow: 20 },
      { point: 1, fast: 5, slow: 40 },
      { point: 2, fast: 10, slow: 20 },
      { point: 3, fast: 10, slow: 40 },
      { point: 4, fast: 15, slow: 20 },
      { point: 5, fast: 15, slow: 40 },
    ]);
  });

  it('counts what --where and the strategy itself leave out', () => {
    const grid = space({ of: ['fast=10:40:10', 'slow=20:40:10'], where: ['slow < 40 or fast = 10', 'fast != 20'] });
    assert.equal(grid.gridSize, 12);
    assert.deepEqual(grid.survey(), { points: 3, leftOutByWhere: 5, leftOutByCheck: 4 });
    assert.deepEqual(
      points(grid).map(({ fast, slow }) => `${fast}/${slow}`),
      ['10/20', '10/30', '10/40'],
    );
  });

  it('knows the size of a grid without making its points', () => {
    assert.equal(space({ of: ['fast=1:1000', 'slow=2:5000'] }).gridSize, 1_000 * 4_999);
  });

  it('draws points at random without repetition, the same for the same seed', () => {
    const random = { count: 40, seed: 7 };
    const wishes = { of: ['fast=1:60', 'slow=2:100'], where: ['fast*2 < slow'] };
    const drawn = points(space({ ...wishes, random }));
    assert.equal(drawn.length, 40);
    assert.equal(new Set(drawn.map(({ point }) => point)).size, 40);
    assert.ok(drawn.every(({ fast, slow }) => (fast as number) * 2 < (slow as number)));
    assert.deepEqual(points(space({ ...wishes, random })), drawn);
    assert.notDeepEqual(points(space({ ...wishes, random: { ...random, seed: 8 } })), drawn);
  });

  it('draws all points when as many or more are wanted', () => {
    const wishes = { of: ['fast=1:9', 'slow=5:12'] };
    const all = points(space(wishes));
    assert.deepEqual(points(space({ ...wishes, random: { count: 10_000, seed: 1 } })), all);
    assert.deepEqual(points(space({ ...wishes, random: { count: all.length, seed: 1 } })), all);
  });

  it('draws from a grid far too large to be held', () => {
    assert.equal(points(space({ of: ['fast=1:1000', 'slow=2:5000'], random: { count: 100, seed: 3 } })).length, 100);
  });

  for (const [of, where, message] of [
    [['fats=5:60:5'], [], /^The strategy moving-average-cross has no parameter "fats"\. Did you mean fast\?/],
    [['fast=5:60:0'], [], /^The step of the parameter fast must be above 0, but is 0\.$/],
    [['fast=60:5:5'], [], /^The range 60:5:5 of the parameter fast is empty: it begins at 60 and ends at 5\.$/],
    [
      ['fast=0:60:5'],
      [],
      /^The parameter fast of .* must be a whole number from \d+ to \d+, and its range 0:60:5 has 0\.$/,
    ],
    [
      ['fast=5:99999999:5'],
      [],
      /^The parameter fast of .* must be a whole number from .*, and its range .* has 99999995\.$/,
    ],
    [['fast=5:6:0.5'], [], /^The parameter fast of .* must be a whole number .* has 5\.5\.$/],
    [['fast=5:x:5'], [], /"x" in its range 5:x:5 is no plain number\.$/],
    [['fast=5:10:1:1'], [], /must have the form --set fast=from:to:step\.$/],
    [['fast='], [], /^The parameter fast of .* must be a whole number .*, and "" is not\.$/],
    [['fast=5,5'], [], /^The parameter fast has the value 5 twice in its list\.$/],
    [['fast=5', 'fast=6'], [], /^The parameter fast is set twice/],
    [['fast=5:60:5'], ['fast <'], /^--where "fast <", column 7/],
  ] as const) {
    it(`refuses ${of.join(' ')} ${where.join(' ')}`, () => {
      assert.throws(() => space({ of, where }), { name: 'UserError', message });
    });
  }
});

describe('a range', () => {
  const spec = decimal({ default: 0, minimum: -1_000_000, maximum: 1_000_000, description: '' });

  it('does not drift', () => {
    const axis = axisValues(readAxis('s', 'x', spec, '0.1:1:0.1'));
    assert.deepEqual(
      Array.from({ length: axis.count }, (_, index) => axis.value(index)),
      [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    );
  });

  it('is the same plan however its numbers are written', () => {
    assert.deepEqual(readAxis('s', 'x', spec, '.10: 1.00 :+0.1'), readAxis('s', 'x', spec, '0.1:1:0.10'));
  });

  it('ends at or before its end, in steps of exactly its step', () => {
    const part = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(
        part,
        fc.integer({ min: 0, max: 5_000 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 0, max: 4 }),
        (from, span, step, decimals) => {
          const text = (units: number): string => (units / 10 ** decimals).toFixed(decimals);
          const axis = axisValues(readAxis('s', 'x', spec, `${text(from)}:${text(from + span)}:${text(step)}`));
          assert.equal(axis.count, Math.floor(span / step) + 1);
          for (let index = 0; index < axis.count; index++) {
            assert.equal(axis.value(index), Number(text(from + index * step)) + 0);
          }
        },
      ),
    );
  });
});
