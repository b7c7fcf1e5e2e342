import { expect, test } from '@jest/globals';
import { addCounts, countTests, oneFailure, summaryLine } from './jest-summary.ts';

const report = { numPassedTests: 7, numFailedTests: 1, numRuntimeErrorTestSuites: 0, numTotalTests: 8 };

test('the line holds the sum over all runs', () => {
  const counts = addCounts([countTests(report), countTests({ ...report, numPassedTests: 3 }), oneFailure]);
  expect(summaryLine(counts)).toBe('10 passed, 3 failed');
});

test('a test file that cannot run counts as a failure', () => {
  expect(countTests({ ...report, numRuntimeErrorTestSuites: 2 })).toEqual({ passed: 7, failed: 3 });
});

test('a report that is none is a fault, not a zero', () => {
  expect(() => countTests({})).toThrow('numPassedTests');
});
