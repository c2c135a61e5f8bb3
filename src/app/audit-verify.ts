import { existsSync } from 'node:fs';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { silentLogger } from '../foundation/logger.ts';
import { type AuditVerdict, verifyAuditChain } from '../store/audit-chain.ts';
import { findRecordFault, type RecordFault } from '../store/audit-record.ts';
import { openStore } from './compose.ts';
import type { Configuration } from './configuration.ts';

/**
 * Recomputes the hash chain of a store's audit log and holds what bots did against it. Throws a UserError where there is
 * no store.
 */
export async function verifyAudit(configuration: Configuration): Promise<AuditVerdict | RecordFault> {
  const { store: place } = configuration;
  // Opening would make an empty one, whose log is whole and says nothing.
  if (place.kind === 'embedded' && !existsSync(place.path)) {
    throw new UserError(`There is no store ${place.path}: "tradewind start" makes one; name another with --store.`);
  }
  const store = await openStore(configuration, { clock: systemClock, logger: silentLogger });
  try {
    const verdict = await verifyAuditChain(store);
    return (verdict.ok ? await findRecordFault(store) : undefined) ?? verdict;
  } finally {
    await store.close();
  }
}
