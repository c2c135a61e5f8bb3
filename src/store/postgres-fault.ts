import type { StoreFault } from './store-error.ts';

/** Errors of the connection that carry no code: what `pg` says when it broke, or could not be made in time. */
const brokenConnection =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when|Query read timeout)/;

/**
 * What an error of PostgreSQL (SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html) or of the
 * connection to it means for the store; `undefined` where the cause is not outside this program.
 */
export function postgresFault(error: unknown): StoreFault | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') {
    return typeof message === 'string' && brokenConnection.test(message) ? 'UNREACHABLE' : undefined;
  }
  switch (code) {
    case '53100': // disk_full
      return 'FULL';
    case '25006': // read_only_sql_transaction
      return 'NOT_WRITABLE';
    case '40001': // serialization_failure
    case '40P01': // deadlock_detected
    case '53300': // too_many_connections
    case '55P03': // lock_not_available
      return 'BUSY';
    case '58030': // io_error
      return 'FAILED_IO';
    case 'XX001': // data_corrupted
    case 'XX002': // index_corrupted
      return 'DAMAGED';
    case '25P03': // idle_in_transaction_session_timeout
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
    case '57P05': // idle_session_timeout
      return 'UNREACHABLE';
    default:
      return code.startsWith('08') || socketErrors.has(code) ? 'UNREACHABLE' : undefined;
  }
}

const socketErrors: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
]);
