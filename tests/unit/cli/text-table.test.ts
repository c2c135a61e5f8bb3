import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from '../../../src/cli/progress-line.ts';
import { fit, fitPainted, painter } from '../../../src/cli/terminal-text.ts';
import { textTable, wrap } from '../../../src/cli/text-table.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';

test('columns are aligned and the last one is wrapped', () => {
  const rows = [
    ['a', '1', 'some words that are too long for the line'],
    ['long', '20', 'short'],
  ];
  assert.equal(
    textTable(rows, { width: 32, heads: ['Name', 'N', 'Meaning'], right: new Set([1]) }),
    ['Name   N  Meaning', 'a      1  some words that are', '          too long for the line', 'long  20  short'].join(
      '\n',
    ),
  );
});

test('a word longer than the line stands alone', () => {
  assert.equal(wrap('a abcdefghij b', 5), 'a\nabcdefghij\nb');
});

test('text is cut to fit, colours kept', () => {
  assert.equal(fit('abcdef', 4), 'abc…');
  assert.equal(fit('a\u001b[31mb\u0007c', 9), 'ab c');
  const red = painter(true)('red', 'abcdef');
  assert.equal(fitPainted(red, 3), red.replace('def', ''));
  assert.equal(painter(false)('red', 'x'), 'x');
});

test('progress is silent for two seconds and where nobody watches, and wipes itself away', async () => {
  const clock = new VirtualClock();
  const written: string[] = [];
  const lineOn = (isTerminal: boolean): ProgressLine => {
    const terminal = { isTerminal, colour: false, width: () => 80, height: () => 24 };
    const err = (text: string): void => {
      written.push(text);
    };
    return new ProgressLine({ out: () => {}, err, output: terminal, errors: terminal }, clock);
  };
  const line = lineOn(true);
  line.show('trading', 0.1);
  await clock.advance(1_999);
  line.show('trading', 0.2);
  line.clear();
  assert.deepEqual(written, []);
  await clock.advance(1);
  line.show('trading', 0.5);
  line.show('trading', 0.51);
  assert.deepEqual(written, ['\r\u001b[K████████████░░░░░░░░░░░░ 50 % trading']);
  line.clear();
  line.clear();
  assert.deepEqual(written.splice(0).slice(1), ['\r\u001b[K']);
  const unseen = lineOn(false);
  await clock.advance(5_000);
  unseen.show('trading', 0.5);
  unseen.clear();
  assert.deepEqual(written, []);
});
