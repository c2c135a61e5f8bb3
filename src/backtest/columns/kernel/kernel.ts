import { COLUMN_KERNEL } from './column-kernel-module.ts';

/** What the kernel asks of the engine's own functions: quantities in steps, −1 where the answer is beyond 64 bits. */
export interface ExactNumbers {
  exactPrice(price: number): bigint;
  exactQuantity(wished: number): bigint;
  exactFillQuantity(cash: bigint, price: bigint): bigint;
}

/** The functions of `column-kernel.as`. Addresses are in bytes. */
export interface KernelFunctions {
  pointBytes(): number;
  setTerms(terms: number, tile: number): void;
  averageBytes(): number;
  openPoint(point: number): void;
  openAverage(average: number): void;
  measureSlots(slots: number): void;
  runAverages(first: number, pairs: number): void;
  beginTile(): void;
  runPoints(first: number, count: number): void;
  finishPoint(point: number): void;
  toNumber(value: bigint): number;
  productOf(left: bigint, right: bigint): bigint;
}

/** A kernel with its own memory, which grows with what {@link reserve} asks for. */
export interface Kernel {
  readonly functions: KernelFunctions;
  /** The memory, at least so many bytes. Views of an earlier answer are void when it has grown. */
  reserve(bytes: number): ArrayBuffer;
}

/** The part of the global `WebAssembly` that is used here; Node has it, its type declarations do not. */
declare const WebAssembly: {
  readonly Memory: new (limits: {
    readonly initial: number;
  }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

const PAGE = 65_536;
/** What compiling a module has given, once for each thread. */
let compiled: object | undefined;

export function openKernel(exact: ExactNumbers): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(COLUMN_KERNEL, 'base64'));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory, ...exact } });
  return {
    functions: exports as KernelFunctions,
    reserve(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return memory.buffer;
    },
  };
}
