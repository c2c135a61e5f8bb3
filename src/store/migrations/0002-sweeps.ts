import type { Migration } from './migration.ts';

export const sweepTables: Migration = {
  version: 2,
  name: 'sweeps',
  async up(build) {
    await build.createTable('sweeps', {
      columns: { id: 'text', plan: 'json', chunks: 'whole', created_at: 'whole', cancelled: 'whole' },
      primaryKey: ['id'],
    });
    await build.createTable('sweep_chunks', {
      columns: { sweep_id: 'text', chunk: 'whole', content: 'bytes' },
      primaryKey: ['sweep_id', 'chunk'],
    });
    await build.createTable('datasets', {
      columns: { hash: 'text', size: 'whole' },
      primaryKey: ['hash'],
    });
    await build.createTable('dataset_parts', {
      columns: { hash: 'text', part: 'whole', content: 'bytes' },
      primaryKey: ['hash', 'part'],
    });
  },
};
