import { createHash } from 'node:crypto';
import { badRequest } from './arm-error.ts';
import type { IncidentRecord, IncidentStore } from './incident-store.ts';
import { type Condition, isMatch, type Order, parseFilter, parseOrderBy } from './odata.ts';
import type { Key } from './ordered-index.ts';

const PAGE_SIZE = 50;
const TOKEN_LIFETIME_MS = 3_600_000;
const DEFAULT_ORDER: Order = { field: 'modified', isDescending: true };

export interface ListQuery {
  readonly filter: string | null;
  readonly orderBy: string | null;
  readonly top: string | null;
  readonly skipToken: string | null;
  /** Half of the page that was asked for: Azure promises no size. */
  readonly isShort?: boolean;
}

export interface ListContext {
  readonly store: IncidentStore;
  /** Changes when the workspace was reset: older skip tokens are stale then. */
  readonly epoch: string;
  readonly nowMs: number;
}

export interface IncidentPage {
  readonly records: readonly IncidentRecord[];
  readonly skipToken?: string;
}

interface Position {
  readonly key: Key;
  readonly number: number;
}

function pageSize(top: string | null): number {
  if (top === null) return PAGE_SIZE;
  if (!/^\d{1,9}$/.test(top) || Number(top) < 1) throw badRequest('Invalid value for query option $top');
  return Math.min(Number(top), PAGE_SIZE);
}

const fingerprint = (query: ListQuery, epoch: string): string =>
  createHash('sha256')
    .update(JSON.stringify([query.filter, query.orderBy, query.top, epoch]))
    .digest('base64url')
    .slice(0, 16);

function encodePosition(last: IncidentRecord, query: ListQuery, order: Order, context: ListContext): string {
  const parts = [fingerprint(query, context.epoch), context.nowMs, last[order.field], last.number];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decodePosition(query: ListQuery, context: ListContext): Position | undefined {
  if (query.skipToken === null) return undefined;
  const parts = parseParts(query.skipToken);
  if (!parts || parts.print !== fingerprint(query, context.epoch)) throw badRequest('Invalid $skipToken');
  if (parts.issuedMs + TOKEN_LIFETIME_MS < context.nowMs) throw badRequest('The $skipToken has expired');
  return parts;
}

function parseParts(token: string): (Position & { print: string; issuedMs: number }) | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || parts.length !== 4) return undefined;
    const [print, issuedMs, key, number] = parts as unknown[];
    const isKey = typeof key === 'string' || typeof key === 'number';
    if (typeof print !== 'string' || typeof issuedMs !== 'number' || !isKey) return undefined;
    return typeof number === 'number' ? { print, issuedMs, key, number } : undefined;
  } catch {
    return undefined;
  }
}

/** The stretch of the ordered items that the conditions on the ordering field leave: `[from, to)`. */
function bounds(store: IncidentStore, order: Order, conditions: readonly Condition[]): [number, number] {
  const index = store.ordered(order.field);
  let from = 0;
  let to = index.items.length;
  if (order.field === 'severity' || order.field === 'status') return [from, to];
  for (const { field, operator, value } of conditions) {
    if (field !== order.field) continue;
    if (operator === 'ge' || operator === 'eq') from = Math.max(from, index.find(value, -1));
    if (operator === 'gt') from = Math.max(from, index.find(value, Infinity));
    if (operator === 'le' || operator === 'eq') to = Math.min(to, index.find(value, Infinity));
    if (operator === 'lt') to = Math.min(to, index.find(value, -1));
  }
  return [from, to];
}

/**
 * One page. It goes on after the last item shown, by value: what changes between two pages is neither
 * shown twice nor skipped unless its own place in the order changed, which is how Sentinel behaves.
 */
export function listIncidents(query: ListQuery, context: ListContext): IncidentPage {
  const conditions = query.filter === null ? [] : parseFilter(query.filter);
  const order = query.orderBy === null ? DEFAULT_ORDER : parseOrderBy(query.orderBy);
  const size = Math.ceil(pageSize(query.top) / (query.isShort ? 2 : 1));
  const after = decodePosition(query, context);
  const index = context.store.ordered(order.field);
  let [from, to] = bounds(context.store, order, conditions);
  if (after && order.isDescending) to = Math.min(to, index.find(after.key, after.number));
  if (after && !order.isDescending) from = Math.max(from, index.find(after.key, after.number + 1));

  const records: IncidentRecord[] = [];
  for (let step = 0; step < to - from && records.length <= size; step++) {
    const record = index.items[order.isDescending ? to - 1 - step : from + step];
    if (record && isMatch(record, conditions)) records.push(record);
  }
  if (records.length <= size) return { records };
  records.pop();
  const last = records.at(-1);
  return last ? { records, skipToken: encodePosition(last, query, order, context) } : { records };
}
