import type { Suite } from '../harness/campaign.ts';
import { columnsSuite } from './columns.ts';
import { engineSuite } from './engine.ts';
import { indicatorsSuite, peersSuite } from './peers.ts';

/** In the order in which they run. */
export const suites: readonly Suite[] = [engineSuite, columnsSuite, indicatorsSuite, peersSuite];
