import { type IncidentStatus, type Priority, type Severity, TOTAL_MAX } from '@socmate/contracts';
import { z } from 'zod';
import { IncidentRecord } from './incident-record.ts';
import { type Queryable, rows } from './pool.ts';
import { type Position, positionColumn } from './position.ts';

export type IncidentTimeColumn = 'created_at' | 'last_modified_at' | 'synced_at';

export interface IncidentFilter {
  readonly timeColumn: IncidentTimeColumn;
  readonly from: Date;
  readonly to: Date | null;
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
}

export interface IncidentListing {
  readonly incidents: readonly IncidentRecord[];
  /** After the last row, where there are more. */
  readonly next: Position | null;
}

type Values = unknown[];

const bind = (values: Values, value: unknown): string => `$${values.push(value)}`;

function conditions(filter: IncidentFilter, values: Values): string[] {
  const { timeColumn, from, to, severities = [], priorities = [], statuses = [] } = filter;
  const oneOf = (column: string, options: readonly string[]): string[] =>
    options.length > 0 ? [`i.${column} = ANY (${bind(values, options)}::text[])`] : [];
  const severity = [...oneOf('severity', severities), ...oneOf('priority', priorities)];
  return [
    `i.${timeColumn} >= ${bind(values, from)}`,
    ...(to ? [`i.${timeColumn} < ${bind(values, to)}`] : []),
    ...(severity.length > 0 ? [`(${severity.join(' OR ')})`] : []),
    ...oneOf('status', statuses),
    ...(filter.assignee === undefined ? [] : [`i.assignee = ${bind(values, filter.assignee)}`]),
    ...(filter.tag === undefined ? [] : [`i.tags @> ARRAY[${bind(values, filter.tag)}::text]`]),
    ...(filter.providerIds ? [`i.provider_id = ANY (${bind(values, filter.providerIds)}::text[])`] : []),
  ];
}

/** The statement of one page: one row more than the page holds, to know whether there are more. */
export function listStatement(filter: IncidentFilter, page: IncidentPage): { text: string; values: Values } {
  const values: Values = [];
  const where = conditions(filter, values);
  const { column, direction } = page.order;
  if (page.after) {
    const position = `(${bind(values, page.after.time)}::timestamptz, ${bind(values, page.after.id)})`;
    where.push(`(i.${column}, i.id) ${direction === 'desc' ? '<' : '>'} ${position}`);
  }
  const order = `ORDER BY i.${column} ${direction}, i.id ${direction}`;
  const text = `SELECT ${IncidentRecord.columns}, ${positionColumn(`i.${column}`)}
    FROM (SELECT * FROM incident AS i WHERE ${where.join(' AND ')}
      ${order} LIMIT ${bind(values, page.limit + 1)} OFFSET ${bind(values, page.offset)}) AS i
    JOIN siem_provider AS p ON p.id = i.provider_id
    ${order}`;
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
  const where = conditions(filter, values).join(' AND ');
  const limit = bind(values, TOTAL_MAX + 1);
  const text = `SELECT count(*) AS total FROM (SELECT FROM incident AS i WHERE ${where} LIMIT ${limit}) AS counted`;
  const [row] = await rows(db, z.object({ total: z.int() }), { text, values });
  return row?.total ?? 0;
}
