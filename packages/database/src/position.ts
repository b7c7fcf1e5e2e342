/** Where a list goes on: a time to the microsecond, and the id of the row. */
export interface Position {
  readonly time: string;
  readonly id: string;
}

/** The column `position`: a time as a cursor keeps it, which a JavaScript date could not. */
export const positionColumn = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS position`;
