import type { CandleColumns } from '../../market/candle-columns.ts';
import type { ColumnSignals } from '../../strategy/column-signals.ts';
import { ColumnTile, slotOffset, slotStride, type TileMemory } from './column-tile.ts';
import { OPERATION, REGISTERS, SignalCompiler } from './signal-program.ts';

/** Signals of a whole series, a bit for each bar: bit `row & 31` of word `row >> 5`. `undefined`: never true. */
export interface SignalBits {
  readonly enterLong: Int32Array | undefined;
  readonly enterShort: Int32Array | undefined;
  readonly exitLong: Int32Array | undefined;
  readonly exitShort: Int32Array | undefined;
  readonly rearm: Int32Array | undefined;
  readonly turns: boolean;
}

const TILE_ROWS = 1_024;

/**
 * The signals of one point over all bars, in plain TypeScript: what the kernels in WebAssembly are held to, and what
 * takes their place where they pass a point on. `undefined` when the signals are too many for a program.
 */
export function signalBits(signals: ColumnSignals, bars: CandleColumns): SignalBits | undefined {
  const compiler = new SignalCompiler();
  const program = compiler.compile(signals);
  if (program === undefined) return undefined;
  const memory: TileMemory = {
    numbers: new Float64Array(compiler.columns.length * slotStride(TILE_ROWS)),
    slotStart: 0,
    rows: TILE_ROWS,
  };
  const tile = new ColumnTile(compiler.columns, bars, memory);
  const registers = new Int32Array((REGISTERS * TILE_ROWS) / 32);
  const words = Math.ceil(bars.length / 32);
  const column = (register: number): Int32Array | undefined => (register < 0 ? undefined : new Int32Array(words));
  const bits = {
    enterLong: column(program.enterLong),
    enterShort: column(program.enterShort),
    exitLong: column(program.exitLong),
    exitShort: column(program.exitShort),
    rearm: column(program.rearm),
  };
  while (tile.advance()) {
    runProgram(program.operations, memory, registers, tile.count);
    const filled = Math.ceil(tile.count / 32);
    for (const name of ['enterLong', 'enterShort', 'exitLong', 'exitShort', 'rearm'] as const) {
      const from = program[name] * (TILE_ROWS / 32);
      bits[name]?.set(registers.subarray(from, from + filled), tile.start / 32);
    }
  }
  return { ...bits, turns: program.turns };
}

/** Whether the bit of a row is set. */
export function bitAt(bits: Int32Array | undefined, row: number): boolean {
  return bits !== undefined && (bits[row >> 5]! & (1 << (row & 31))) !== 0;
}

/** Runs the operations over the rows of a tile. Bits beyond `count` are 0. */
export function runProgram(
  operations: readonly number[],
  memory: TileMemory,
  registers: Int32Array,
  count: number,
): void {
  const words = memory.rows / 32;
  for (let at = 0; at < operations.length; at += 4) {
    const target = operations[at + 1]! * words;
    const left = operations[at + 2]!;
    const right = operations[at + 3]!;
    switch (operations[at]) {
      case OPERATION.above:
        compare(memory, registers, target, left, right, count, isAbove);
        break;
      case OPERATION.atLeast:
        compare(memory, registers, target, left, right, count, isAtLeast);
        break;
      case OPERATION.cross:
        cross(memory, registers, target, left, right, count);
        break;
      default:
        combine(operations[at]!, registers, target, left * words, right * words, count);
    }
  }
}

const isAbove = (left: number, right: number): boolean => left > right;
const isAtLeast = (left: number, right: number): boolean => left >= right;

function compare(
  memory: TileMemory,
  registers: Int32Array,
  target: number,
  left: number,
  right: number,
  count: number,
  holds: (left: number, right: number) => boolean,
): void {
  const { numbers } = memory;
  const leftAt = slotOffset(memory, left);
  const rightAt = slotOffset(memory, right);
  registers.fill(0, target, target + memory.rows / 32);
  for (let row = 0; row < count; row++) {
    if (holds(numbers[leftAt + row]!, numbers[rightAt + row]!)) registers[target + (row >> 5)]! |= 1 << (row & 31);
  }
}

function cross(
  memory: TileMemory,
  registers: Int32Array,
  target: number,
  left: number,
  right: number,
  count: number,
): void {
  const { numbers } = memory;
  const words = memory.rows / 32;
  const leftAt = slotOffset(memory, left);
  const rightAt = slotOffset(memory, right);
  registers.fill(0, target, target + 2 * words);
  let wasAbove = numbers[leftAt - 1]! > numbers[rightAt - 1]!;
  let wasBelow = numbers[leftAt - 1]! < numbers[rightAt - 1]!;
  for (let row = 0; row < count; row++) {
    const one = numbers[leftAt + row]!;
    const other = numbers[rightAt + row]!;
    const bit = 1 << (row & 31);
    if (wasBelow && one > other) registers[target + (row >> 5)]! |= bit;
    if (wasAbove && one < other) registers[target + words + (row >> 5)]! |= bit;
    wasAbove = one > other;
    wasBelow = one < other;
  }
}

function combine(
  operation: number,
  registers: Int32Array,
  target: number,
  left: number,
  right: number,
  count: number,
): void {
  for (let word = 0; word * 32 < count; word++) {
    const one = registers[left + word]!;
    const other = registers[right + word]!;
    const rest = count - word * 32;
    const valid = rest >= 32 ? -1 : (1 << rest) - 1;
    if (operation === OPERATION.both) registers[target + word] = one & other;
    else if (operation === OPERATION.either) registers[target + word] = one | other;
    else registers[target + word] = ~one & valid;
  }
}
