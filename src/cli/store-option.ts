import { resolve } from 'node:path';
import type { WrittenConfiguration } from '../app/config-schema.ts';

export interface StoreOptions {
  /** A file, or an address of PostgreSQL. */
  readonly store?: string;
}

/** What `--store` means in the configuration. */
export function storeOverride({ store }: StoreOptions, cwd: string): WrittenConfiguration {
  if (store === undefined) return {};
  return { store: /^[a-z]+:\/\//i.test(store) ? { url: store } : { path: resolve(cwd, store) } };
}
