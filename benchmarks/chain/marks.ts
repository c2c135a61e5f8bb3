/**
 * Loaded before a bot process (`--import`) that is to say where its time goes: from the bytes of a candle to the bytes of
 * its order. Patches what it watches from outside; the process answers with the medians when it ends.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { RespReader } from '../../src/bus/resp-reader.ts';
import { latenciesOf } from './latencies.ts';

const names = ['received', 'decoded', 'decided', 'encoded', 'handed over', 'written'] as const;
type Mark = (typeof names)[number];
const PUBLISH = '*3\r\n$7\r\nPUBLISH';
/** Shorter texts are no candles. */
const CANDLE_LENGTH = 200;

const marks = new Map<Mark, number[]>(names.map((name) => [name, []]));
let began = 0;

function mark(name: Mark): void {
  marks.get(name)!.push((performance.now() - began) * 1_000);
}

const { feed } = RespReader.prototype;
RespReader.prototype.feed = function (chunk) {
  began = performance.now();
  feed.call(this, chunk);
};

const { parse, stringify } = JSON;
JSON.parse = (text: string, ...more: []) => {
  if (text.length < CANDLE_LENGTH) return parse(text, ...more);
  mark('received');
  const value = parse(text) as unknown;
  mark('decoded');
  return value;
};
JSON.stringify = ((value: unknown, ...more: []) => {
  const isOrder = typeof value === 'object' && value !== null && 'clientOrderId' in value;
  if (isOrder) mark('decided');
  const text = stringify(value, ...more);
  if (isOrder) mark('encoded');
  return text;
}) as typeof JSON.stringify;

type Write = (this: Socket, ...given: unknown[]) => boolean;
const write = Socket.prototype.write as Write;
Socket.prototype.write = function (this: Socket, ...given: unknown[]) {
  const isOrder = typeof given[0] === 'string' && given[0].startsWith(PUBLISH);
  if (isOrder) mark('handed over');
  const answer = write.apply(this, given);
  if (isOrder) mark('written');
  return answer;
} as Write;

process.on('exit', () => {
  const medians = [...marks].map(([name, values]) => [name, values.length > 0 ? latenciesOf(values).p50 : 0]);
  writeSync(1, `${stringify(Object.fromEntries(medians))}\n`);
});
