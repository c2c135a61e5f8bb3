import { chainSuite } from '../chain/suite.ts';
import type { Suite } from '../harness/campaign.ts';
import { columnsSuite } from './columns.ts';
import { dataSuite } from './data.ts';
import { engineSuite } from './engine.ts';
import { growthSuite } from './growth.ts';
import { indicatorsSuite, peersSuite } from './peers.ts';

/** In the order in which they run. */
export const suites: readonly Suite[] = [
  engineSuite,
  columnsSuite,
  dataSuite,
  growthSuite,
  chainSuite,
  indicatorsSuite,
  peersSuite,
];
