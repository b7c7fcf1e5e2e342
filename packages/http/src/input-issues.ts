import type { Issue } from '@socmate/runtime';
import type { z } from 'zod';

export type InputPart = 'path' | 'query' | 'body';

type ZodIssue = z.core.$ZodIssue;

const TYPES: Partial<Record<ZodIssue['code'], string>> = { custom: 'value_error' };

// Present because the parser is told to report inputs; the value itself is never shown.
const isMissing = (issue: ZodIssue): boolean => 'input' in issue && issue.input === undefined;

const isRepeated = (part: InputPart, issue: ZodIssue): boolean =>
  part === 'query' && issue.path.length === 1 && Array.isArray(issue.input);

const place = (part: InputPart, path: readonly PropertyKey[]): Issue['loc'] => [
  part,
  ...path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
];

function unknownFields(part: InputPart, keys: readonly string[], issue: ZodIssue, known: string): Issue[] {
  const noun = part === 'query' ? 'parameter' : 'field';
  const hint = issue.path.length === 0 && known !== '' ? `; known: ${known}` : '';
  return keys.map((key) => ({
    loc: place(part, [...issue.path, key]),
    msg: `unknown ${noun}${hint}`,
    type: `unknown_${noun}`,
  }));
}

const isInside = ({ code, path }: ZodIssue): boolean => code === 'unrecognized_keys' || path.length > 0;

/** What is wrong with a key, or with the alternative that fits best, instead of that something is. */
function innermost(issue: ZodIssue): ZodIssue[] {
  const within = innerIssues(issue);
  if (within.length === 0) return [issue];
  return within.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
}

const unknownKeys = (issues: readonly ZodIssue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);

/** An alternative that knows the fields that were given was meant, whatever is wrong with their values. */
const misfit = (a: readonly ZodIssue[], b: readonly ZodIssue[]): number =>
  unknownKeys(a) - unknownKeys(b) || a.length - b.length;

function innerIssues(issue: ZodIssue): readonly ZodIssue[] {
  if (issue.code === 'invalid_key') return issue.issues;
  if (issue.code !== 'invalid_union') return [];
  const [best, next] = issue.errors.filter((issues) => issues.every(isInside)).toSorted(misfit);
  const isTied = best !== undefined && next !== undefined && misfit(best, next) === 0;
  return isTied ? [] : (best ?? []);
}

/** Says a parser's faults as the API does; never repeats the value that was given. */
export function inputIssues(part: InputPart, fault: z.ZodError, known: readonly string[]): Issue[] {
  return fault.issues.flatMap(innermost).flatMap((issue): Issue[] => {
    if (issue.code === 'unrecognized_keys') return unknownFields(part, issue.keys, issue, known.join(', '));
    const loc = place(part, issue.path);
    if (isMissing(issue)) return [{ loc, msg: 'required', type: 'missing' }];
    if (isRepeated(part, issue)) return [{ loc, msg: 'given more than once', type: 'repeated' }];
    return [{ loc, msg: issue.message, type: TYPES[issue.code] ?? issue.code }];
  });
}
