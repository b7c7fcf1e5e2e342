import { createHash } from 'node:crypto';
import { badRequest } from './arm-error.ts';
import type { IncidentRecord, IncidentStore, IncidentSummary, SortField } from './incident-store.ts';
import { type Condition, isMatch, mayMatch, type Order, parseFilter, parseOrderBy } from './odata.ts';
import type { Place } from './ordered-index.ts';

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

function decodePosition(query: ListQuery, context: ListContext): Place | undefined {
  if (query.skipToken === null) return undefined;
  const parts = parseParts(query.skipToken);
  if (!parts || parts.print !== fingerprint(query, context.epoch)) throw badRequest('Invalid $skipToken');
  if (parts.issuedMs + TOKEN_LIFETIME_MS < context.nowMs) throw badRequest('The $skipToken has expired');
  return parts;
}

function parseParts(token: string): (Place & { print: string; issuedMs: number }) | undefined {
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

interface Stretch {
  readonly from: Place | undefined;
  readonly to: Place | undefined;
}

function compare(one: Place, other: Place): number {
  if (one.key === other.key) return one.number - other.number;
  return one.key < other.key ? -1 : 1;
}

const latest = (one: Place | undefined, other: Place): Place =>
  one && compare(one, other) > 0 ? one : other;
const earliest = (one: Place | undefined, other: Place): Place =>
  one && compare(one, other) < 0 ? one : other;

/** The part of the order of a field that the conditions on that field leave. */
function stretchOf(field: SortField, conditions: readonly Condition[]): Stretch {
  let from: Place | undefined;
  let to: Place | undefined;
  // Severity and status are compared in any case, and ordered as they are.
  if (field === 'severity' || field === 'status') return { from, to };
  for (const { field: own, operator, value: key } of conditions) {
    if (own !== field) continue;
    if (operator === 'ge' || operator === 'eq') from = latest(from, { key, number: -Infinity });
    if (operator === 'gt') from = latest(from, { key, number: Infinity });
    if (operator === 'le' || operator === 'eq') to = earliest(to, { key, number: Infinity });
    if (operator === 'lt') to = earliest(to, { key, number: -Infinity });
  }
  return { from, to };
}

interface Asked {
  readonly conditions: readonly Condition[];
  readonly order: Order;
  readonly stretch: Stretch;
}

/** What sorting costs no more than searching in order does. */
const FEW = 2_000;

const placeOf = (record: IncidentRecord, { field }: Order): Place => ({
  key: record[field],
  number: record.number,
});

const isWithin = (place: Place, { from, to }: Stretch): boolean =>
  (!from || compare(from, place) <= 0) && (!to || compare(place, to) < 0);

/** Sorted, where another field leaves few of them; undefined where none does. */
function fewOf(store: IncidentStore, { conditions, order, stretch }: Asked): IncidentRecord[] | undefined {
  for (const field of new Set(conditions.map((condition) => condition.field))) {
    if (field === order.field) continue;
    const { from, to } = stretchOf(field, conditions);
    const index = store.ordered(field);
    if ((!from && !to) || index.count(from, to) > FEW) continue;
    const found = [...index.walk({ from, to, isDescending: false, isWanted: () => true })];
    const sign = order.isDescending ? -1 : 1;
    return found
      .filter((record) => isMatch(record, conditions) && isWithin(placeOf(record, order), stretch))
      .toSorted((a, b) => sign * compare(placeOf(a, order), placeOf(b, order)));
  }
  return undefined;
}

function firstOf(store: IncidentStore, asked: Asked, size: number): IncidentRecord[] {
  const { conditions, order, stretch } = asked;
  const few = fewOf(store, asked);
  if (few) return few.slice(0, size);
  const isWanted = (summary: IncidentSummary): boolean => mayMatch(summary, conditions);
  const walk = { ...stretch, isDescending: order.isDescending, isWanted };
  const found: IncidentRecord[] = [];
  for (const record of store.ordered(order.field).walk(walk)) {
    if (isMatch(record, conditions)) found.push(record);
    if (found.length === size) break;
  }
  return found;
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
  const whole = stretchOf(order.field, conditions);
  const stretch = after ? beyond(whole, after, order) : whole;
  const records = firstOf(context.store, { conditions, order, stretch }, size + 1);
  if (records.length <= size) return { records };
  records.pop();
  const last = records.at(-1);
  return last ? { records, skipToken: encodePosition(last, query, order, context) } : { records };
}

const beyond = ({ from, to }: Stretch, { key, number }: Place, { isDescending }: Order): Stretch =>
  isDescending
    ? { from, to: earliest(to, { key, number }) }
    : { from: latest(from, { key, number: number + 1 }), to };
