import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestName } from '../../../src/foundation/closest-name.ts';

const names = ['moving-average-cross', 'donchian-breakout', 'market-maker', 'fast', 'slow'];

test('finds what was meant through typing errors, capitals, hyphens and missing ends', () => {
  assert.equal(closestName('movingAverageCross', names), 'moving-average-cross');
  assert.equal(closestName('donchain-breakout', names), 'donchian-breakout');
  assert.equal(closestName('moving-avrage', names), 'moving-average-cross');
  assert.equal(closestName('market', names), 'market-maker');
  assert.equal(closestName('fats', ['slow', 'mast', 'fasts']), 'fasts');
  assert.equal(closestName('SLOW', names), 'slow');
});

test('says nothing where nothing is near', () => {
  assert.equal(closestName('rsi', names), undefined);
  assert.equal(closestName('', names), undefined);
  assert.equal(closestName('fast', []), undefined);
});

test('ties go to the earlier name', () => {
  assert.equal(closestName('slot', ['slow', 'slop']), 'slow');
  assert.equal(closestName('slot', ['slop', 'slow']), 'slop');
});
