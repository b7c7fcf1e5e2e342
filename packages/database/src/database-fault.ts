import { AppError } from '@socmate/runtime';

// Connection exceptions, too many connections, a server that stops or starts, and work undone in favour of another's.
const SQLSTATES = /^(?:08\w{3}|53300|57P0[1-5]|40001|40P01)$/;
const SOCKET =
  /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;
const SYSCALLS = new Set<unknown>(['connect', 'read', 'write', 'getaddrinfo']);
const PRISMA = /^P(?:1001|1002|1008|1017|2024|2037)$/;
// The client names these in words alone.
const MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|This socket has been ended by the other party|Query read timeout|Cannot use a pool after calling end)/;

const RETRY_AFTER_S = 5;

function isAway(fault: unknown, depth = 0): boolean {
  if (!(fault instanceof Error) || depth > 5) return false;
  if (fault instanceof AggregateError && fault.errors.some((one) => isAway(one, depth + 1))) return true;
  const code = 'code' in fault && typeof fault.code === 'string' ? fault.code : '';
  const isSocket = SOCKET.test(code) && 'syscall' in fault && SYSCALLS.has(fault.syscall);
  if (SQLSTATES.test(code) || PRISMA.test(code) || isSocket || MESSAGES.test(fault.message)) return true;
  return isAway(fault.cause, depth + 1);
}

/** A 503 for a fault that passes: Postgres is away, full, restarting, or ended a deadlock; undefined for any other. */
export const databaseAway = (fault: unknown): AppError | undefined =>
  isAway(fault)
    ? new AppError('unavailable', 'the database does not answer at the moment', {
        cause: fault,
        retryAfterS: RETRY_AFTER_S,
      })
    : undefined;

/** What Postgres itself will not hold: SQLSTATE classes 22 (data), 23 (constraints) and 54 (limits). */
export const isRefusedData = (fault: unknown): boolean =>
  fault instanceof Error && 'code' in fault && /^(?:22|23|54)/.test(String(fault.code));
