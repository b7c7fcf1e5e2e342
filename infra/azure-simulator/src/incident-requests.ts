import { z } from 'zod';
import { ArmError, badRequest } from './arm-error.ts';
import type { Call } from './http-routes.ts';
import { MAX_COMMENT_LENGTH } from './incident-comments.ts';
import type { Resource } from './incident-store.ts';
import { ReplacementFacts } from './journal.ts';

const IncidentRequest = z.object({
  etag: z.string().nullish(),
  properties: ReplacementFacts.superRefine(({ status, classification }, context) => {
    if (status !== 'Closed' || classification !== undefined) return;
    const message = 'a closed incident requires a classification';
    context.addIssue({ code: 'custom', path: ['classification'], message });
  }),
});

const CommentRequest = z.object({
  etag: z.string().nullish(),
  properties: z.object({
    message: z
      .string()
      .min(1)
      .max(MAX_COMMENT_LENGTH, `The message is longer than ${MAX_COMMENT_LENGTH} characters`),
  }),
});

const RelationRequest = z.object({
  etag: z.string().nullish(),
  properties: z.object({ relatedResourceId: z.string().min(1) }),
});

/** As .NET writes an absent value: null, which is as good as left out. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}

function parseRequest<S extends z.ZodType>(schema: S, { body }: Call): z.output<S> {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new ArmError(
      400,
      'InvalidRequestContent',
      'The request content was invalid and could not be deserialized.',
    );
  }
  if (typeof given === 'object' && given !== null && 'properties' in given) {
    given = { ...given, properties: withoutNulls(given.properties) };
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badRequest(`Invalid value for '${issue?.path.join('.') || 'body'}': ${issue?.message}`);
}

export const parseIncidentRequest = (call: Call) => parseRequest(IncidentRequest, call);
export const parseCommentRequest = (call: Call) => parseRequest(CommentRequest, call);
export const parseRelationRequest = (call: Call) => parseRequest(RelationRequest, call);

const bare = (tag: string): string => tag.trim().replace(/^W\//i, '').replaceAll('"', '');

function requireMatch(given: string | undefined, known: Resource | undefined): void {
  if (given === undefined) return;
  const isMet = given.trim() === '*' ? known !== undefined : known && bare(given) === bare(known.etag ?? '');
  if (!isMet) throw new ArmError(412, 'PreconditionFailed', 'The condition of If-Match is not met');
}

/** A stale `etag` in the body is a conflict, a stale `If-Match` a precondition that failed. */
export function requireFresh(call: Call, etag: string | null | undefined, known: Resource | undefined): void {
  requireMatch(call.headers['if-match'], known);
  if (call.headers['if-none-match'] === '*' && known) {
    throw new ArmError(412, 'PreconditionFailed', 'The condition of If-None-Match is not met');
  }
  if (!etag || etag === '*') return;
  const name = call.params['comment'] ?? call.params['incident'] ?? '';
  if (!known) throw new ArmError(404, 'NotFound', `Resource '${name}' does not exist`);
  if (bare(etag) === bare(known.etag ?? '')) return;
  throw new ArmError(409, 'Conflict', `Newer version of resource '${name}' exists. Data was not saved`);
}
