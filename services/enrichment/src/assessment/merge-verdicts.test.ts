import { expect, test } from '@jest/globals';
import type { Observation } from '@socmate/contracts';
import { mergeVerdicts } from './merge-verdicts.ts';
import { anObservation, createRandom, randomObservation } from './test-incident.ts';

const says = (
  provider: string,
  reliability: Observation['reliability'],
  verdict: Observation['verdict'],
): Observation => anObservation({ provider, reliability, verdict });

const verdictOf = (...observations: Observation[]) => mergeVerdicts(observations).verdict;

const cases = (count: number) => {
  const random = createRandom(11);
  return Array.from({ length: count }, () => ({
    random,
    observations: random.several(6, () => randomObservation(random)),
  }));
};

test('nobody who knows anything leaves the verdict unknown', () => {
  expect(mergeVerdicts([])).toEqual({ verdict: 'unknown', score: 0, supporting: [], isConfirmed: false });
  expect(verdictOf(says('otx', 'A', 'unknown'))).toBe('unknown');
  expect(verdictOf(anObservation({ status: 'error' }))).toBe('unknown');
});

test('the highest class of reliability that has a verdict wins', () => {
  expect(verdictOf(says('rdap', 'D', 'malicious'), says('virustotal', 'B', 'suspicious'))).toBe('suspicious');
  expect(verdictOf(says('rdap', 'D', 'suspicious'), says('virustotal', 'B', 'malicious'))).toBe('malicious');
  expect(verdictOf(says('tenant-lists', 'A', 'benign'), says('virustotal', 'B', 'malicious'))).toBe('benign');
  expect(verdictOf(says('misp', 'A', 'unknown'), says('otx', 'C', 'malicious'))).toBe('malicious');
});

test('of one class the worst counts', () => {
  expect(verdictOf(says('a', 'C', 'benign'), says('b', 'C', 'suspicious'))).toBe('suspicious');
  expect(verdictOf(says('a', 'A', 'benign'), says('b', 'A', 'malicious'))).toBe('malicious');
});

test('known-good caps at suspicious unless a source of class A disagrees', () => {
  expect(verdictOf(says('greynoise', 'B', 'benign'), says('virustotal', 'B', 'malicious'))).toBe(
    'suspicious',
  );
  expect(verdictOf(says('greynoise', 'C', 'benign'), says('virustotal', 'B', 'malicious'))).toBe(
    'suspicious',
  );
  expect(verdictOf(says('hashlookup', 'B', 'benign'), says('malwarebazaar', 'A', 'malicious'))).toBe(
    'malicious',
  );
});

test('a source that is hardly reliable clears nothing', () => {
  for (const reliability of ['D', 'E', 'F'] as const)
    expect(verdictOf(says('blog', reliability, 'benign'), says('virustotal', 'B', 'malicious'))).toBe(
      'malicious',
    );
});

test('malicious is confirmed by a class A or B source, or by two that are fairly reliable', () => {
  const isConfirmed = (...observations: Observation[]) => mergeVerdicts(observations).isConfirmed;
  expect(isConfirmed(says('virustotal', 'B', 'malicious'))).toBe(true);
  expect(isConfirmed(says('abuseipdb', 'C', 'malicious'))).toBe(false);
  expect(isConfirmed(says('abuseipdb', 'C', 'malicious'), says('otx', 'C', 'malicious'))).toBe(true);
  expect(isConfirmed(says('abuseipdb', 'C', 'malicious'), says('rdap', 'D', 'malicious'))).toBe(false);
  expect(isConfirmed(says('virustotal', 'B', 'suspicious'))).toBe(false);
});

test('the order of the observations does not matter', () => {
  for (const { random, observations } of cases(1_000))
    expect(mergeVerdicts(random.shuffled(observations))).toEqual(mergeVerdicts(observations));
});

test('what is unknown, failed, limited or skipped changes nothing', () => {
  for (const { random, observations } of cases(1_000)) {
    const status = random.oneOf(['unknown', 'error', 'limited', 'skipped'] as const);
    const silent = { ...randomObservation(random), status };
    const undecided = anObservation({ verdict: 'unknown', reliability: 'A', score: 100 });
    expect(mergeVerdicts([...observations, silent, undecided])).toEqual(mergeVerdicts(observations));
  }
});

test('saying a thing twice changes no verdict', () => {
  for (const { observations } of cases(500))
    expect(verdictOf(...observations, ...observations)).toBe(verdictOf(...observations));
});

test('benign comes of somebody saying so alone, and supporting observations never say less than the verdict', () => {
  const rank = ['malicious', 'suspicious', 'benign', 'unknown'];
  for (const { observations } of cases(1_000)) {
    const { verdict, supporting, score } = mergeVerdicts(observations);
    expect(supporting.length > 0).toBe(verdict !== 'unknown');
    for (const each of supporting)
      expect(rank.indexOf(each.verdict)).toBeLessThanOrEqual(rank.indexOf(verdict));
    const [least, most] = { malicious: [70, 100], suspicious: [30, 69], benign: [0, 10], unknown: [0, 0] }[
      verdict
    ];
    expect(score).toBeGreaterThanOrEqual(least ?? 0);
    expect(score).toBeLessThanOrEqual(most ?? 0);
  }
});
