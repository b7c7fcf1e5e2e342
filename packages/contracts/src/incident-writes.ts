import { z } from 'zod';
import { IncidentStatus } from './incidents.ts';
import { anyCase, text } from './text.ts';

const time = z.iso.datetime();

/** Azure takes 30,000 characters; the marker needs its own. */
const MESSAGE_MAX = 29_000;

/** Azure's most comments of one incident. */
export const COMMENTS_MAX = 100;

/** The last line of every comment that SoCMate writes: what automation in Sentinel knows it by. */
export const commentMarker = (commentId: string): string => `[SoCMate ${commentId}]`;

export const CommentCreate = z
  .object({
    message: text(MESSAGE_MAX).meta({ description: 'Sentinel shows it with a marker as its last line.' }),
  })
  .meta({ id: 'CommentCreate' });
export type CommentCreate = z.output<typeof CommentCreate>;

const failure = z
  .object({ code: z.string(), message: z.string() })
  .nullable()
  .meta({ description: 'Why it failed, or why it still waits.' });

export const CommentAccepted = z
  .object({ comment_id: z.string(), status: z.literal('pending') })
  .meta({ id: 'CommentAccepted' });
export type CommentAccepted = z.output<typeof CommentAccepted>;

export const Comment = z
  .object({
    comment_id: z.string().meta({ example: 'cmt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    incident_number: z.int(),
    provider: z.string(),
    message: z.string().meta({ description: 'Without the marker.' }),
    status: z.enum(['pending', 'posted', 'failed']),
    sentinel_name: z.string().meta({ description: "The comment's name in Sentinel." }),
    error: failure,
    created_by: z.string(),
    created_at: time,
    posted_at: time.nullable(),
  })
  .meta({ id: 'Comment' });
export type Comment = z.output<typeof Comment>;

const Classification = z
  .enum(['true_positive', 'benign_positive', 'false_positive', 'undetermined'])
  .meta({ id: 'IncidentClassification' });
type Classification = z.output<typeof Classification>;

const ClassificationReason = z
  .enum(['suspicious_activity', 'suspicious_but_expected', 'incorrect_alert_logic', 'inaccurate_data'])
  .meta({ id: 'IncidentClassificationReason' });
type ClassificationReason = z.output<typeof ClassificationReason>;

/** What Sentinel offers as the reason of each classification. */
const REASONS: Record<Classification, readonly ClassificationReason[]> = {
  true_positive: ['suspicious_activity'],
  benign_positive: ['suspicious_but_expected'],
  false_positive: ['incorrect_alert_logic', 'inaccurate_data'],
  undetermined: [],
};

const COMMENT_MAX = 3_000;
const OWNER = /^(?:[^\s@]+@[^\s@]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

interface Closing {
  readonly status: IncidentStatus;
  readonly classification?: Classification | undefined;
  readonly reason?: ClassificationReason | undefined;
  readonly comment?: string | undefined;
}

type Fault = readonly [field: string, message: string];

function closingFaults({ status, classification, reason, comment }: Closing): Fault[] {
  if (status !== 'closed') {
    const given = Object.entries({ classification, reason, comment }).filter(
      ([, value]) => value !== undefined,
    );
    return given.map(([field]) => [field, 'is only taken with the status closed']);
  }
  if (classification === undefined) {
    return [['classification', `closing needs one of ${Classification.options.join(', ')}`]];
  }
  const allowed = REASONS[classification];
  if (reason === undefined || allowed.includes(reason)) return [];
  const fits = allowed.length > 0 ? `takes ${allowed.join(' or ')}` : 'takes no reason';
  return [['reason', `does not fit: ${classification} ${fits}`]];
}

export const StatusChangeCreate = z
  .object({
    status: anyCase(IncidentStatus),
    classification: anyCase(Classification).optional(),
    reason: anyCase(ClassificationReason).optional(),
    comment: text(COMMENT_MAX)
      .optional()
      .meta({ description: "The classification's comment; only when closing." }),
    owner: text(256)
      .regex(OWNER, 'is a user principal name such as jane@contoso.com, or an object id')
      .nullable()
      .optional()
      .meta({ description: 'Not given: stays as it is. Null: nobody.' }),
  })
  .superRefine((given, context) => {
    for (const [field, message] of closingFaults(given)) {
      context.addIssue({ code: 'custom', message, path: [field] });
    }
  })
  .meta({ id: 'StatusChangeCreate' });
export type StatusChangeCreate = z.output<typeof StatusChangeCreate>;

/** Of an incident, what a status change may touch. */
export const ChangeableState = z
  .object({
    status: z.string(),
    classification: z.string().nullable(),
    reason: z.string().nullable(),
    comment: z.string().nullable(),
    owner: z.string().nullable(),
  })
  .meta({ id: 'ChangeableState' });
export type ChangeableState = z.output<typeof ChangeableState>;

export const StatusChange = z
  .object({
    change_id: z.string().meta({ example: 'chg_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    incident_number: z.int(),
    provider: z.string(),
    status: z.enum(['pending', 'applied', 'failed', 'conflict']),
    requested: ChangeableState.partial(),
    before: ChangeableState.nullable(),
    after: ChangeableState.nullable(),
    error: failure,
    created_by: z.string(),
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({ id: 'StatusChange' });
export type StatusChange = z.output<typeof StatusChange>;
