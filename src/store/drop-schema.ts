import { invariant } from '../foundation/errors.ts';
import { postgresAddress } from './postgres-address.ts';

/** Drops a schema that a parity run made for itself, with everything in it. */
export async function dropPostgresSchema({
  url,
  schema,
}: {
  readonly url: string;
  readonly schema: string;
}): Promise<void> {
  invariant(/^parity_[a-z0-9]+$/.test(schema), 'Only schemas of parity runs are dropped', { schema });
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: postgresAddress(url, schema).url });
  await client.connect();
  try {
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  } finally {
    await client.end();
  }
}
