import { appendFileSync, existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const common = { at: z.iso.datetime(), workspace: z.string().min(1) };

export const SEVERITIES = ['High', 'Medium', 'Low', 'Informational'] as const;
export const STATUSES = ['New', 'Active', 'Closed'] as const;

export const GenerateFacts = z.object({
  incidents: z.int(),
  seed: z.int(),
  severity: z.partialRecord(z.enum(SEVERITIES), z.number()),
  status: z.partialRecord(z.enum(STATUSES), z.number()).default({ New: 1 }),
  spreadMs: z.number(),
  modified: z.enum(['now', 'created']),
});
export type GenerateFacts = z.output<typeof GenerateFacts>;

const CLASSIFICATIONS = ['TruePositive', 'FalsePositive', 'BenignPositive', 'Undetermined'] as const;
const CLASSIFICATION_REASONS = [
  'SuspiciousActivity',
  'SuspiciousButExpected',
  'IncorrectAlertLogic',
  'InaccurateData',
] as const;

const text = z.string().nullish();
/** Who an incident is assigned to. */
export const Owner = z.object({
  objectId: text,
  email: text,
  assignedTo: text,
  userPrincipalName: text,
  ownerType: text,
});

export const Label = z.object({
  labelName: z.string().min(1),
  labelType: z.enum(['User', 'AutoAssigned']).default('User'),
});

const closing = {
  classification: z.enum(CLASSIFICATIONS).optional(),
  classificationReason: z.enum(CLASSIFICATION_REASONS).optional(),
  classificationComment: z.string().optional(),
};

export const ChangeFacts = z.object({
  severity: z.enum(SEVERITIES).optional(),
  status: z.enum(STATUSES).optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  /** Nobody, where it is null. */
  owner: Owner.nullable().optional(),
  labels: z.array(Label).optional(),
  ...closing,
});
export type ChangeFacts = z.output<typeof ChangeFacts>;

/** What a client may write to an incident. */
export const ReplacementFacts = z.object({
  title: z.string().min(1),
  severity: z.enum(SEVERITIES),
  status: z.enum(STATUSES),
  description: z.string().optional(),
  owner: Owner.optional(),
  labels: z.array(Label).optional(),
  firstActivityTimeUtc: z.string().optional(),
  lastActivityTimeUtc: z.string().optional(),
  ...closing,
});
export type ReplacementFacts = z.output<typeof ReplacementFacts>;

export const CommentFacts = z.object({
  name: z.string(),
  message: z.string(),
  author: z.object({
    objectId: z.string(),
    email: z.string().nullable(),
    name: z.string(),
    userPrincipalName: z.string().nullable(),
  }),
});
export type CommentFacts = z.output<typeof CommentFacts>;

const ofIncident = { ...common, number: z.int() };

/** What is done to one incident, or between two. */
const EDITS = [
  z.object({ op: z.literal('change'), ...ofIncident, change: ChangeFacts }),
  z.object({ op: z.literal('put'), ...ofIncident, name: z.string(), replacement: ReplacementFacts }),
  z.object({ op: z.literal('reopen'), ...ofIncident }),
  z.object({ op: z.literal('merge'), ...ofIncident, to: z.int() }),
  z.object({
    op: z.literal('move'),
    ...ofIncident,
    alert: z.string(),
    to: z.int(),
    relation: z.string().optional(),
  }),
  z.object({ op: z.literal('comment'), ...ofIncident, comment: CommentFacts }),
  z.object({ op: z.literal('delete-comment'), ...ofIncident, name: z.string() }),
  z.object({ op: z.literal('delete'), ...ofIncident }),
] as const;
export type Edit = z.output<(typeof EDITS)[number]>;

/** What was done to the simulated tenant, with all that decides its outcome, so that doing it again gives the same. */
export const Operation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('workspace'), ...common, subscription: z.string() }),
  z.object({ op: z.literal('run'), ...common, scenario: z.string(), number: z.int() }),
  z.object({ op: z.literal('generate'), ...common, firstNumber: z.int(), facts: GenerateFacts }),
  ...EDITS,
  z.object({ op: z.literal('reset'), ...common, nextNumber: z.int(), known: z.array(z.string()) }),
]);
export type Operation = z.output<typeof Operation>;

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
export type NewOperation = WithoutTime<Operation>;

export interface Journal {
  /** What it held when it was opened. */
  readonly operations: readonly Operation[];
  append(operation: Operation): void;
  /** Keeps what `isKept` says, then the added ones. */
  rewrite(isKept: (operation: Operation) => boolean, added: readonly Operation[]): void;
}

/** Opens the JSON lines of a file. A last line that a killed process left half written never happened. */
export function openJournal(file: string): Journal {
  const operations = existsSync(file) ? readOperations(file) : [];
  const line = (operation: Operation): string => `${JSON.stringify(operation)}\n`;
  return {
    operations,
    append: (operation) => {
      appendFileSync(file, line(operation), { mode: 0o600 });
      operations.push(operation);
    },
    rewrite: (isKept, added) => {
      const kept = [...operations.filter(isKept), ...added];
      writeFileSync(`${file}.new`, kept.map(line).join(''), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      operations.splice(0, operations.length, ...kept);
    },
  };
}

function readOperations(file: string): Operation[] {
  const bytes = readFileSync(file);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) truncateSync(file, whole);
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, position) => {
    try {
      return Operation.parse(JSON.parse(line));
    } catch (cause) {
      const message = `${file}, line ${position + 1}: not an operation of the simulator; delete the file to begin anew`;
      throw new Error(message, { cause });
    }
  });
}
