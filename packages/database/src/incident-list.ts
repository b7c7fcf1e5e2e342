import { type IncidentStatus, type Priority, type Severity, TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import { IncidentRecord } from './incident-record.ts';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';

export type IncidentTimeColumn = 'created_at' | 'last_modified_at' | 'synced_at';

export interface IncidentFilter {
  readonly timeColumn: IncidentTimeColumn;
  /** Null is without a beginning. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** Words as web searches take them: `"a phrase"`, `or`, `-without`. */
  readonly words?: string | undefined;
  readonly providerIncidentId?: string | undefined;
  /** An incident of any of these severities or of any of these priorities. */
  readonly severities?: readonly Severity[];
  readonly priorities?: readonly Priority[];
  readonly statuses?: readonly IncidentStatus[];
  readonly assignee?: string | undefined;
  readonly tag?: string | undefined;
  /** Ids; undefined is all of them. */
  readonly providerIds?: readonly string[] | undefined;
}

export interface IncidentOrder {
  readonly column: IncidentTimeColumn;
  readonly direction: 'asc' | 'desc';
}

export interface IncidentPage {
  readonly order: IncidentOrder;
  readonly limit: number;
  readonly offset: number;
  readonly after?: Position | undefined;
  /** Few match, and are better all found and put in order than looked for in order. */
  readonly areFew?: boolean | undefined;
}

export interface IncidentListing {
  readonly incidents: readonly IncidentRecord[];
  /** After the last row, where there are more. */
  readonly next: Position | null;
}

type Values = unknown[];

const bind = (values: Values, value: unknown): string => `$${values.push(value)}`;

function anyOf(column: string, options: readonly string[] | undefined, values: Values): string[] {
  const [only, ...others] = options ?? [];
  // Of one value Postgres knows that an index keeps its order.
  if (only !== undefined && others.length === 0) return [`i.${column} = ${bind(values, only)}`];
  return [`i.${column} = ANY (${bind(values, options)}::text[])`];
}

/** A dash that excludes no word says nothing; many of them are more than Postgres parses. */
const withoutBareDashes = (words: string | undefined): string | undefined =>
  words?.replaceAll(/-(?=[\s-]|$)/g, ' ');

function conditions(filter: IncidentFilter, values: Values): string[] {
  const { timeColumn, from, to, severities = [], priorities = [], statuses = [] } = filter;
  const oneOf = (column: string, options: readonly string[]): string[] =>
    options.length > 0 ? anyOf(column, options, values) : [];
  const when = (given: unknown, condition: (place: string) => string): string[] =>
    given === undefined || given === null ? [] : [condition(bind(values, given))];
  const severity = [...oneOf('severity', severities), ...oneOf('priority', priorities)];
  return [
    ...when(from, (place) => `i.${timeColumn} >= ${place}`),
    ...when(to, (place) => `i.${timeColumn} < ${place}`),
    ...(severity.length > 0 ? [`(${severity.join(' OR ')})`] : []),
    ...oneOf('status', statuses),
    ...when(filter.assignee, (place) => `i.assignee = ${place}`),
    // The first of the two is what the partial index asks for.
    ...when(filter.tag, (place) => `i.tags <> '{}' AND i.tags @> ARRAY[${place}::text]`),
    ...when(
      withoutBareDashes(filter.words),
      (place) => `i.search @@ websearch_to_tsquery('simple', ${place})`,
    ),
    ...when(filter.providerIncidentId, (place) => `i.provider_incident_id = ${place}`),
    ...(filter.providerIds ? anyOf('provider_id', filter.providerIds, values) : []),
  ];
}

const whereOf = (all: readonly string[]): string => (all.length > 0 ? `WHERE ${all.join(' AND ')}` : '');

/** The statement of one page: one row more than the page holds, to know whether there are more. */
export function listStatement(filter: IncidentFilter, page: IncidentPage): { text: string; values: Values } {
  const values: Values = [];
  const { column, direction } = page.order;
  const matching = `SELECT id, ${column} FROM incident AS i ${whereOf(conditions(filter, values))}`;
  // Postgres guesses badly how many incidents have a word, and would walk through all of them for a rare one.
  const source = page.areFew
    ? `matching AS MATERIALIZED (${matching})`
    : `matching AS NOT MATERIALIZED (${matching})`;
  const position =
    page.after && `(${bind(values, page.after.time)}::timestamptz, ${bind(values, page.after.id)})`;
  const beyond = position ? [`(${column}, id) ${direction === 'desc' ? '<' : '>'} ${position}`] : [];
  const order = `ORDER BY ${column} ${direction}, id ${direction}`;
  const text = `WITH ${source}
    SELECT ${IncidentRecord.columns}, ${positionColumn(`i.${column}`)}
    FROM (SELECT id FROM matching ${whereOf(beyond)}
      ${order} LIMIT ${bind(values, page.limit + 1)} OFFSET ${bind(values, page.offset)}) AS page
    JOIN incident AS i USING (id) JOIN siem_provider AS p ON p.id = i.provider_id
    ORDER BY i.${column} ${direction}, i.id ${direction}`;
  return { text, values };
}

const ListRow = IncidentRecord.schema.extend({ position: z.string() });

export async function listIncidents(
  db: Queryable,
  filter: IncidentFilter,
  page: IncidentPage,
): Promise<IncidentListing> {
  const found = await rows(db, ListRow, listStatement(filter, page));
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    incidents: shown,
    next: last && found.length > page.limit ? { time: last.position, id: last.id } : null,
  };
}

/** How many incidents match, counted to `TOTAL_MAX` and one. */
export async function countIncidents(db: Queryable, filter: IncidentFilter): Promise<number> {
  const values: Values = [];
  const where = whereOf(conditions(filter, values));
  const limit = bind(values, TOTAL_MAX + 1);
  const text = `SELECT count(*) AS total FROM (SELECT FROM incident AS i ${where} LIMIT ${limit}) AS counted`;
  const [row] = await rows(db, z.object({ total: z.int() }), { text, values });
  return row?.total ?? 0;
}
