import { invariant } from '../../foundation/errors.ts';
import type { Column, ColumnSignal, ColumnSignals } from '../../strategy/column-signals.ts';

/**
 * Operations on a tile of bars. Each takes two slots of columns, or registers of bits, and writes a register; `cross`
 * writes two: crossed above, and in the next register crossed below. The kernels read them as rows of four integers:
 * operation, target, left, right.
 */
export const OPERATION = { above: 0, atLeast: 1, cross: 2, both: 3, either: 4, not: 5 } as const;

/** What a strategy signals, as operations. A register of −1 is a signal that is never true. */
export interface PointProgram {
  readonly operations: readonly number[];
  readonly enterLong: number;
  readonly enterShort: number;
  readonly exitLong: number;
  readonly exitShort: number;
  readonly rearm: number;
  readonly turns: boolean;
}

/** The most registers that a program may use: they lie in scratch memory of this size. */
export const REGISTERS = 64;
/** The last register stays empty. */
const USABLE_REGISTERS = REGISTERS - 1;

/** Turns signals into programs over slots, one for each different column that any of them needs, inputs first. */
export class SignalCompiler {
  readonly columns: Column[] = [];
  /** The slots that operations read. */
  readonly operands = new Set<number>();
  readonly #slots = new Map<string, number>();

  /** `undefined` when it needs too many registers. */
  compile(signals: ColumnSignals): PointProgram | undefined {
    const writer = new ProgramWriter((column) => {
      const slot = this.#slotOf(column);
      this.operands.add(slot);
      return slot;
    });
    const register = (signal: ColumnSignal | undefined): number => (signal === undefined ? -1 : writer.write(signal));
    const program: PointProgram = {
      operations: writer.operations,
      enterLong: register(signals.enterLong),
      enterShort: register(signals.enterShort),
      exitLong: register(signals.exitLong),
      exitShort: register(signals.exitShort),
      rearm: register(signals.rearm),
      turns: signals.turns ?? true,
    };
    return writer.registers <= USABLE_REGISTERS ? program : undefined;
  }

  #slotOf(column: Column): number {
    const known = this.#slots.get(column.key);
    if (known !== undefined) return known;
    if (column.kind === 'derived') for (const input of column.source.inputs) this.#slotOf(input);
    const slot = this.columns.length;
    this.columns.push(column);
    this.#slots.set(column.key, slot);
    return slot;
  }
}

/** Writes the operations of one point; what was written once is not written again. */
class ProgramWriter {
  readonly operations: number[] = [];
  registers = 0;
  readonly #slotOf: (column: Column) => number;
  readonly #written = new Map<string, number>();

  constructor(slotOf: (column: Column) => number) {
    this.#slotOf = slotOf;
  }

  /** The register in which the signal will be. */
  write(signal: ColumnSignal): number {
    switch (signal.kind) {
      case 'above':
        return this.#once(OPERATION.above, this.#slotOf(signal.left), this.#slotOf(signal.right));
      case 'at-least':
        return this.#once(OPERATION.atLeast, this.#slotOf(signal.left), this.#slotOf(signal.right));
      case 'crossed-above': {
        const left = this.#slotOf(signal.left);
        const right = this.#slotOf(signal.right);
        // Both directions of a cross come of one pass.
        return left <= right ? this.#once(OPERATION.cross, left, right) : this.#once(OPERATION.cross, right, left) + 1;
      }
      case 'both':
        return this.#once(OPERATION.both, this.write(signal.first), this.write(signal.second));
      case 'either':
        return this.#once(OPERATION.either, this.write(signal.first), this.write(signal.second));
      case 'not':
        return this.#once(OPERATION.not, this.write(signal.of), 0);
      default:
        invariant(false, 'An unknown kind of signal', { signal: JSON.stringify(signal) });
    }
  }

  #once(operation: number, left: number, right: number): number {
    const key = `${operation},${left},${right}`;
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const target = this.registers;
    this.registers += operation === OPERATION.cross ? 2 : 1;
    this.operations.push(operation, target, left, right);
    this.#written.set(key, target);
    return target;
  }
}
