import { appendFileSync, existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const common = { at: z.iso.datetime(), workspace: z.string().min(1) };

export const SEVERITIES = ['High', 'Medium', 'Low', 'Informational'] as const;
export const STATUSES = ['New', 'Active', 'Closed'] as const;

export const GenerateFacts = z.object({
  incidents: z.int(),
  seed: z.int(),
  severity: z.partialRecord(z.enum(SEVERITIES), z.number()),
  spreadMs: z.number(),
  modified: z.enum(['now', 'created']),
});
export type GenerateFacts = z.output<typeof GenerateFacts>;

export const ChangeFacts = z.object({
  severity: z.enum(SEVERITIES).optional(),
  status: z.enum(STATUSES).optional(),
  title: z.string().optional(),
});
export type ChangeFacts = z.output<typeof ChangeFacts>;

/** What was done to the simulated tenant, with all that decides its outcome, so that doing it again gives the same. */
export const Operation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('workspace'), ...common, subscription: z.string() }),
  z.object({ op: z.literal('run'), ...common, scenario: z.string(), number: z.int() }),
  z.object({ op: z.literal('generate'), ...common, firstNumber: z.int(), facts: GenerateFacts }),
  z.object({ op: z.literal('change'), ...common, number: z.int(), change: ChangeFacts }),
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
