import type { Migration } from './migration.ts';

export const latencyTable: Migration = {
  version: 3,
  name: 'latencies',
  async up(build) {
    await build.createTable('latencies', {
      columns: { process: 'text', stage: 'text', window_start: 'whole', histogram: 'json' },
      primaryKey: ['process', 'stage', 'window_start'],
    });
  },
};
