import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readScenarios } from '../scenario.ts';
import { parseIndicator } from './indicator.ts';

const shipped = [...readScenarios([join(import.meta.dirname, '..', '..', 'scenarios')]).values()];

interface Answers {
  readonly virustotal?: { readonly last_analysis_stats?: { readonly malicious?: number } };
  readonly abuseipdb?: { readonly abuseConfidenceScore?: number };
  readonly greynoise?: { readonly classification?: string };
}

const answersOf = (answers: Answers = {}): Answers => answers;

const verdictsOf = ({ intelligence = {}, expected }: (typeof shipped)[number]) =>
  (expected?.entities ?? []).flatMap(({ value, verdict }) =>
    verdict === undefined ? [] : [{ value, verdict, answers: answersOf(intelligence[value]) }],
  );

test.each(shipped.map((scenario) => [scenario.id, scenario] as const))(
  '%s: what is expected follows from what is planted',
  (_, scenario) => {
    for (const { value, verdict, answers } of verdictsOf(scenario)) {
      const malicious = answers.virustotal?.last_analysis_stats?.malicious ?? 0;
      const confidence = answers.abuseipdb?.abuseConfidenceScore ?? 0;
      const isMalicious = verdict === 'malicious';
      const isReported = isMalicious && parseIndicator(value)?.kind === 'ip';
      expect([value, malicious >= 5, confidence >= 25]).toEqual([value, isMalicious, isReported]);
      expect([value, Object.keys(answers).length >= 2]).toEqual([value, verdict !== 'unknown']);
    }
  },
);

test('every malicious scenario has several malicious indicators, and no other one has any', () => {
  for (const scenario of shipped) {
    const malicious = verdictsOf(scenario).filter(({ verdict }) => verdict === 'malicious');
    const isMalicious = scenario.expected?.verdict === 'malicious';
    expect([scenario.id, malicious.length >= 2]).toEqual([scenario.id, isMalicious]);
  }
});

test('what is planted is in its scenario, and reached by no one else by that name', () => {
  for (const { id, intelligence = {}, ...scenario } of shipped) {
    const text = JSON.stringify(scenario);
    for (const indicator of Object.keys(intelligence))
      expect([id, text.includes(indicator)]).toEqual([id, true]);
    expect(parseIndicator(Object.keys(intelligence)[0] ?? '')).toBeDefined();
  }
});
