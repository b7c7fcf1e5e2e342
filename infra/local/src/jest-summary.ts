import { z } from 'zod';

/** The part of `jest --json` that is counted. */
const JestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export const none: Counts = { passed: 0, failed: 0 };
export const oneFailure: Counts = { passed: 0, failed: 1 };

/** A test file that cannot run at all counts as one failure: Jest itself counts none. */
export function countTests(report: unknown): Counts {
  const parsed = JestReport.parse(report);
  return {
    passed: parsed.numPassedTests,
    failed: parsed.numFailedTests + parsed.numRuntimeErrorTestSuites,
  };
}

export const addCounts = (all: readonly Counts[]): Counts => ({
  passed: all.reduce((sum, counts) => sum + counts.passed, 0),
  failed: all.reduce((sum, counts) => sum + counts.failed, 0),
});

/** The line that a test run ends with. */
export const summaryLine = ({ passed, failed }: Counts): string => `${passed} passed, ${failed} failed`;
