import { z } from 'zod';

// Chains are followed to their end; a circle ends before it comes back to where it began.
const MERGED_INTO = `CASE WHEN i.merged_into IS NOT NULL THEN (
    WITH RECURSIVE target (number, step, seen) AS (
      SELECT i.merged_into, 1, ARRAY[i.number, i.merged_into]
      UNION ALL
      SELECT m.merged_into, step + 1, seen || m.merged_into
      FROM target JOIN incident AS m ON m.provider_id = i.provider_id AND m.number = target.number
      WHERE m.merged_into IS NOT NULL AND m.merged_into <> ALL (seen))
    SELECT number FROM target ORDER BY step DESC LIMIT 1) END`;

const sourcesOf = (select: string): string => `CASE WHEN EXISTS (
    SELECT FROM incident AS m WHERE m.provider_id = i.provider_id AND m.merged_into = i.number) THEN (
    WITH RECURSIVE source (id, number) AS (
      SELECT m.id, m.number FROM incident AS m WHERE m.provider_id = i.provider_id AND m.merged_into = i.number
      UNION
      SELECT m.id, m.number
      FROM source JOIN incident AS m ON m.provider_id = i.provider_id AND m.merged_into = source.number)
    SELECT ${select} FROM source JOIN incident AS s ON s.id = source.id WHERE s.id <> i.id) END`;

/** Of `incident AS i`: the number of the incident that it is part of by now, and those that are part of it. */
export const mergeColumns = {
  merged_into: `${MERGED_INTO} AS merged_into`,
  merged_from: `COALESCE(${sourcesOf('jsonb_agg(s.number ORDER BY s.number)')}, '[]') AS merged_from`,
};

/** Notes and tags stay with the incident that people wrote them on, and show on the one it became part of. */
export const MERGED_INCIDENTS = `COALESCE(${sourcesOf(`jsonb_agg(jsonb_build_object('number', s.number, 'title', s.title,
    'notes', s.notes, 'tags', s.tags, 'assignee', s.assignee) ORDER BY s.number)`)}, '[]') AS merged_incidents`;

export const MergedIncidents = z.array(
  z.object({
    number: z.int(),
    title: z.string(),
    notes: z.string().nullable(),
    tags: z.array(z.string()),
    assignee: z.string().nullable(),
  }),
);
