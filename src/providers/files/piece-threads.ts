import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CandleColumns } from '../../market/candle-columns.ts';
import {
  awaitCopy,
  awaitRead,
  type CopyTask,
  copyPiece,
  copyPieces,
  type PiecesTask,
  readPieces,
} from './plain-pieces.ts';
import { SoundRun } from './sound-run.ts';

/** Smaller files are read before a thread has started. */
export const LEAST_SHARED_BYTES = 8 * 2 ** 20;
/** With this one. */
const MOST_THREADS = 4;
/** A piece takes milliseconds. After so long its thread is taken for dead. */
const PATIENCE_MS = 5_000;
const ENTRY = new URL('./piece-worker.ts', import.meta.url);
/** A thread keeps no compiled code by itself, and takes three times as long to start without. */
const START_WITH_CACHE = `const { workerData } = require('node:worker_threads');
const { enableCompileCache, flushCompileCache } = require('node:module');
enableCompileCache(workerData.cache);
import(workerData.entry).then(() => flushCompileCache());`;

/** The rows at the beginning of a text that are all plain and sound. */
export interface SoundBeginning {
  readonly run: SoundRun;
  readonly columns: SharedArrayBuffer;
  /** Where the first line begins that is not among them. */
  readonly end: number;
  readonly price: number;
  readonly quantity: number;
}

let helpers: Worker[] = [];

/** Has the other threads start while the file is still being read; whether there will be any. */
export function startPieceThreads(): boolean {
  // Those that are still there from the last file shall not go now.
  restPieceThreads();
  const wanted = Math.min(MOST_THREADS, availableParallelism()) - 1;
  while (helpers.length < wanted) helpers.push(startHelper());
  return wanted > 0;
}

/** Has the other threads wait for another file, for a moment. */
export function restPieceThreads(): void {
  for (const helper of helpers) helper.postMessage('rest');
}

function startHelper(): Worker {
  const cache = getCompileCacheDir();
  const helper =
    cache === undefined
      ? new Worker(ENTRY)
      : new Worker(START_WITH_CACHE, { eval: true, workerData: { cache: dirname(cache), entry: ENTRY.href } });
  helper.unref();
  // What a thread does not do, the others do.
  helper.on('error', () => {});
  helper.on('exit', () => {
    helpers = helpers.filter((other) => other !== helper);
  });
  return helper;
}

/** Reads the beginning of a text, as far as it is plain and sound, by this thread and those that were started. */
export function readBeginning(task: PiecesTask, onPiece?: () => void): SoundBeginning | undefined {
  for (const helper of helpers) helper.postMessage({ read: task });
  readPieces(task, onPiece);
  const run = new SoundRun();
  const firstRows: number[] = [];
  let [end, price, quantity] = [task.layout.firstRow, 0, 0];
  for (let piece = 0, goesOn = true; goesOn && piece < task.pieces; piece++) {
    const summary = awaitRead(task, piece, PATIENCE_MS);
    const row = run.rows;
    if (summary === undefined || !run.append(summary, summary.first)) break;
    firstRows.push(row);
    goesOn = summary.isWhole;
    end = summary.stopped;
    price = Math.max(price, summary.price);
    quantity = Math.max(quantity, summary.quantity);
  }
  if (run.rows === 0) return undefined;
  const columns = new SharedArrayBuffer(CandleColumns.byteLength(run.rows));
  copyAll({ task, columns, firstRows: Int32Array.from(firstRows) });
  return { run, columns, end, price, quantity };
}

function copyAll(copy: CopyTask): void {
  for (const helper of helpers) helper.postMessage({ copy });
  copyPieces(copy);
  for (let piece = 0; piece < copy.firstRows.length; piece++) {
    if (!awaitCopy(copy.task, piece, PATIENCE_MS)) copyPiece(copy, piece);
  }
}
