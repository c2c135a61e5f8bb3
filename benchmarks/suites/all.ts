import type { Suite } from '../harness/campaign.ts';
import { columnsSuite } from './columns.ts';
import { engineSuite } from './engine.ts';

/** In the order in which they run. */
export const suites: readonly Suite[] = [engineSuite, columnsSuite];
