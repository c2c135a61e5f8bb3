import assert from 'node:assert/strict';
import { epochMs } from '../../src/foundation/time.ts';
import type { Lease, Store } from '../../src/store/store.ts';
import { START } from './store-samples.ts';

/** Data of its own for one test, and a way to it behind the store's back. */
export interface StoreBench {
  /** Opens the data, once more each time, without migrating. */
  open(): Promise<Store>;
  execute(statement: string): Promise<void>;
  query(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  columnNames(table: string): Promise<readonly string[]>;
  /** Closes every store that was opened, and removes the data. */
  dispose(): Promise<void>;
}

export type BenchMaker = () => Promise<StoreBench>;
export type StoreTest = (name: string, body: (store: Store, bench: StoreBench) => Promise<void>) => void;

/** A lease that nobody contends. */
export async function lease(store: Store, name = 'bots'): Promise<Lease> {
  const taken = await store.acquireLease(name, 'this-process', 60_000, epochMs(START));
  assert.ok(taken);
  return taken;
}
