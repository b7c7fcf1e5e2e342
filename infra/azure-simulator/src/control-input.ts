import { z } from 'zod';
import type { Call } from './http-routes.ts';
import { MAX_COMMENT_LENGTH } from './incident-comments.ts';
import { ChangeFacts, Label, Owner, SEVERITIES, STATUSES } from './journal.ts';
import { WorkspaceName } from './scenario.ts';
import { parseDuration } from './times.ts';

/** A refusal of the control API, in one sentence. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An absent body is an empty object. */
export function parseBody<S extends z.ZodType>(schema: S, call: Call): z.output<S> {
  return schema.parse(readJson(call.body));
}

function readJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlError(400, 'the body is not JSON');
  }
}

const Spread = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 0) return ms;
  context.addIssue({ code: 'custom', message: 'not an ISO duration such as PT24H' });
  return z.NEVER;
});

const weightsOf = <const T extends readonly string[]>(names: T) =>
  z
    .partialRecord(z.enum(names), z.number().min(0))
    .refine((weights) => Object.values<number | undefined>(weights).some((weight) => (weight ?? 0) > 0), {
      message: 'at least one needs a weight above 0',
    });

/** Severities and statuses by weight (`{ "High": 1, "Low": 3 }`); spread is how far back they were created. */
export const GenerateBody = z.strictObject({
  incidents: z.int().min(1).max(1_000_000),
  seed: z.int().default(1),
  severity: weightsOf(SEVERITIES).default({ High: 1, Medium: 3, Low: 4, Informational: 2 }),
  status: weightsOf(STATUSES).default({ New: 1 }),
  spread: Spread.default(86_400_000),
  /** `created`: last modified when created, as if they had been there before anyone looked. */
  modified: z.enum(['now', 'created']).default('now'),
});

/** A person by an email address, a whole owner as REST has it, or nobody. */
const GivenOwner = z
  .union([
    z.email().transform((email) => ({ email, userPrincipalName: email, assignedTo: email })),
    Owner.strict(),
  ])
  .nullable();

const GivenLabel = z.union([
  z
    .string()
    .min(1)
    .transform((labelName) => ({ labelName, labelType: 'User' as const })),
  Label.strict(),
]);

export const ChangeBody = z
  .strictObject({
    ...ChangeFacts.shape,
    title: z.string().min(1).max(1_000).optional(),
    description: z.string().max(10_000).optional(),
    owner: GivenOwner.optional(),
    labels: z.array(GivenLabel).max(100).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, { message: 'nothing to change' });

const IncidentNumber = z.int().min(1);

export const MergeBody = z.strictObject({ into: IncidentNumber });
/** `alert` is its `systemAlertId`. */
export const MoveAlertBody = z.strictObject({ alert: z.string().min(1), to: IncidentNumber });
export const NothingBody = z.strictObject({});
export const CommentBody = z.strictObject({ message: z.string().min(1).max(MAX_COMMENT_LENGTH) });

export const ResetBody = z.strictObject({ only: z.array(z.string()).optional() });

export const WorkspaceBody = z.strictObject({
  name: WorkspaceName,
  /** Read quotas are counted per subscription. */
  subscription: z.string().min(1).max(64).optional(),
});
