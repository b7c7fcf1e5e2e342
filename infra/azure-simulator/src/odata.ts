import { badRequest } from './arm-error.ts';
import type { IncidentRecord, IncidentSummary, SortField } from './incident-store.ts';
import type { Key } from './ordered-index.ts';
import { parseInstant } from './times.ts';

const OPERATORS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
type Operator = (typeof OPERATORS)[number];

export interface Condition {
  readonly field: SortField;
  readonly operator: Operator;
  readonly value: Key;
}

export interface Order {
  readonly field: SortField;
  readonly isDescending: boolean;
}

const FIELDS: Record<string, SortField> = {
  'properties/createdtimeutc': 'created',
  'properties/lastmodifiedtimeutc': 'modified',
  'properties/incidentnumber': 'number',
  'properties/severity': 'severity',
  'properties/status': 'status',
};

const TOKEN = /\s*('(?:[^']|'')*'|[()]|[^\s()']+)/y;
const MAX_LENGTH = 8_000;
const syntaxError = () => badRequest('OData query syntax error');

function tokens(text: string): string[] {
  if (text.length > MAX_LENGTH) throw syntaxError();
  const found: string[] = [];
  const trimmed = text.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const token = TOKEN.exec(trimmed)?.[1];
    if (token === undefined) throw syntaxError();
    found.push(token);
  }
  return found;
}

function fieldOf(token: string | undefined): SortField {
  const field = FIELDS[(token ?? '').toLowerCase()];
  if (!field) throw syntaxError();
  return field;
}

function operatorOf(token: string | undefined, field: SortField): Operator {
  const operator = OPERATORS.find((known) => known === token?.toLowerCase());
  const isText = field === 'severity' || field === 'status';
  if (!operator || (isText && operator !== 'eq' && operator !== 'ne')) throw syntaxError();
  return operator;
}

function valueOf(token: string | undefined, field: SortField): Key {
  if (token === undefined) throw syntaxError();
  if (field === 'number') {
    if (!/^\d{1,15}$/.test(token)) throw syntaxError();
    return Number(token);
  }
  if (field === 'severity' || field === 'status') {
    const quoted = /^'(.*)'$/s.exec(token)?.[1];
    if (quoted === undefined) throw syntaxError();
    return quoted.replaceAll("''", "'");
  }
  const instant = parseInstant(token);
  if (instant === undefined) throw syntaxError();
  return instant;
}

/** Comparisons joined by `and`, in parentheses or not; anything else is refused as Sentinel refuses it. */
export function parseFilter(text: string): readonly Condition[] {
  const left = tokens(text);
  const conditions: Condition[] = [];
  const parseAll = (depth: number): void => {
    for (;;) {
      if (left[0] === '(') {
        left.shift();
        if (depth > 20) throw syntaxError();
        parseAll(depth + 1);
        if (left.shift() !== ')') throw syntaxError();
      } else {
        const field = fieldOf(left.shift());
        const operator = operatorOf(left.shift(), field);
        conditions.push({ field, operator, value: valueOf(left.shift(), field) });
      }
      if (left[0]?.toLowerCase() !== 'and') return;
      left.shift();
    }
  };
  parseAll(0);
  if (left.length > 0) throw syntaxError();
  return conditions;
}

export function parseOrderBy(text: string): Order {
  const [field, direction = 'asc', ...rest] = text.trim().split(/\s+/);
  if (rest.length > 0 || !/^(asc|desc)$/i.test(direction)) throw syntaxError();
  return { field: fieldOf(field), isDescending: direction.toLowerCase() === 'desc' };
}

const COMPARE: Record<Operator, (own: Key, value: Key) => boolean> = {
  eq: (own, value) => own === value,
  ne: (own, value) => own !== value,
  gt: (own, value) => own > value,
  ge: (own, value) => own >= value,
  lt: (own, value) => own < value,
  le: (own, value) => own <= value,
};

/** Severity and status are compared as Sentinel does, whatever their case. */
function holds({ field, operator, value }: Condition, own: Key): boolean {
  if (field !== 'severity' && field !== 'status') return COMPARE[operator](own, value);
  return COMPARE[operator](String(own).toLowerCase(), String(value).toLowerCase());
}

export const isMatch = (record: IncidentRecord, conditions: readonly Condition[]): boolean =>
  conditions.every((condition) => holds(condition, record[condition.field]));

/** Whether a stretch of incidents may have one that matches. */
export function mayMatch(summary: IncidentSummary, conditions: readonly Condition[]): boolean {
  const ofKind = conditions.filter(({ field }) => field === 'severity' || field === 'status');
  const isKind = summary.kinds.some((kind) =>
    ofKind.every((condition) => holds(condition, kind[condition.field as keyof typeof kind])),
  );
  return (
    isKind &&
    conditions.every(({ field, operator, value }) => {
      if (field === 'severity' || field === 'status') return true;
      const [least, greatest] = summary.ranges[field];
      if (operator === 'ne') return true;
      if (operator === 'eq') return least <= value && value <= greatest;
      return COMPARE[operator](operator === 'gt' || operator === 'ge' ? greatest : least, value);
    })
  );
}
