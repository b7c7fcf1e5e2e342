import { AppError, type Issue } from '@socmate/runtime';
import { z } from 'zod';
import type { Route } from './define-route.ts';
import { type InputPart, inputIssues } from './input-issues.ts';

export interface RawInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface ParsedInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Body fields that were left out because nobody knows them. */
  readonly ignored: readonly string[];
}

type Parsed = { data: unknown; issues: Issue[]; ignored?: string[] };

const EMPTY = z.object({});

/** Who sends more faults than these gets no longer answer for it. */
const MAX_ISSUES = 100;

const strict = (schema: z.ZodType): z.ZodType => (schema instanceof z.ZodObject ? schema.strict() : schema);

const fieldsOf = (schema: z.ZodType): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

function parsePart(part: InputPart, schema: z.ZodType, value: unknown): Parsed {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { data: result.data, issues: [] };
  return { data: undefined, issues: inputIssues(part, result.error, fieldsOf(schema)) };
}

/** A name given once is a string, one given again an array. */
function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}

type Tree = Record<PropertyKey, unknown>;

function withoutUnknown(value: unknown, issues: readonly z.core.$ZodIssue[]): [unknown, string[]] {
  const pruned: unknown = structuredClone(value);
  const ignored: string[] = [];
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const parent = issue.path.reduce<unknown>((node, step) => (node as Tree)[step], pruned) as Tree;
    for (const key of issue.keys) {
      delete parent[key];
      ignored.push([...issue.path, key].join('.'));
    }
  }
  return [pruned, ignored];
}

function parseBody(schema: z.ZodType, value: unknown, isDocumented: boolean): Parsed {
  if (!isDocumented) return parsePart('body', schema, value);
  const first = schema.safeParse(value);
  if (first.success) return { data: first.data, issues: [] };
  const [pruned, ignored] = withoutUnknown(value, first.error.issues);
  return { ...parsePart('body', schema, pruned), ignored };
}

/** Builds a route's parser once; it answers typed input or throws one 422 with every fault. */
export function createInputParser(route: Route): (raw: RawInput) => ParsedInput {
  const schemas = {
    params: route.params ?? EMPTY,
    query: strict(route.query ?? EMPTY),
    body: route.body && strict(route.body),
  };
  return ({ params, query, body }) => {
    const path = parsePart('path', schemas.params, params);
    const search = parsePart('query', schemas.query, queryObject(query));
    const content = schemas.body
      ? parseBody(schemas.body, body, route.documented === true)
      : { data: undefined, issues: [] };
    const issues = [...path.issues, ...search.issues, ...content.issues];
    if (issues.length > 0)
      throw new AppError('invalid_input', 'the input is not valid', { issues: issues.slice(0, MAX_ISSUES) });
    return { params: path.data, query: search.data, body: content.data, ignored: content.ignored ?? [] };
  };
}
