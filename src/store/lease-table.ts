import { invariant } from '../foundation/errors.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import type { Lease, LeaseStore } from './store.ts';
import { storedWhole } from './stored-values.ts';

/** The owner of a lease that was given back. Its row stays, so that its token never goes back. */
const NOBODY = '';

/** Leases with fencing tokens. Each call is one statement, so that of two that contend exactly one wins. */
export class LeaseTable implements LeaseStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async acquireLease(name: string, owner: string, ttlMs: number, now: EpochMs): Promise<Lease | undefined> {
    invariant(owner !== NOBODY && ttlMs > 0, 'A lease needs an owner and a positive duration', { name, owner, ttlMs });
    const expiresAt = storedWhole(now + ttlMs, 'lease expiry');
    const taken = await this.#database.transaction(({ kysely }) =>
      kysely
        .insertInto('leases')
        .values({ name, owner, token: 1, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet((update) => ({
              owner,
              expires_at: expiresAt,
              token: update
                .case()
                .when('leases.owner', '=', owner)
                .then(update.ref('leases.token'))
                .else(update('leases.token', '+', 1))
                .end(),
            }))
            .where((where) =>
              where.or([where('leases.owner', 'in', [owner, NOBODY]), where('leases.expires_at', '<=', now)]),
            ),
        )
        .returning('token')
        .executeTakeFirst(),
    );
    return taken && { name, owner, token: taken.token };
  }

  async renewLease({ name, owner, token }: Lease, ttlMs: number, now: EpochMs): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.transaction(({ kysely }) =>
      kysely
        .updateTable('leases')
        .set({ expires_at: storedWhole(now + ttlMs, 'lease expiry') })
        .where('name', '=', name)
        .where('owner', '=', owner)
        .where('token', '=', token)
        .executeTakeFirst(),
    );
    return numUpdatedRows === 1n;
  }

  async releaseLease({ name, owner, token }: Lease): Promise<void> {
    await this.#database.transaction(({ kysely }) =>
      kysely
        .updateTable('leases')
        .set({ owner: NOBODY, expires_at: 0 })
        .where('name', '=', name)
        .where('owner', '=', owner)
        .where('token', '=', token)
        .execute(),
    );
  }
}

/**
 * Whether `lease` is still its owner's and nobody has taken it over since; holds it so until the end of the transaction.
 * That its time has run out does not matter as long as no other took it.
 */
export async function holdsLease({ kysely, locksRows }: SqlSession, lease: Lease): Promise<boolean> {
  const holder = await kysely
    .selectFrom('leases')
    .select(['owner', 'token'])
    .where('name', '=', lease.name)
    .$if(locksRows, (query) => query.forShare())
    .executeTakeFirst();
  return holder !== undefined && holder.owner === lease.owner && holder.token === lease.token;
}
