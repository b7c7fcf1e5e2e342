import { type Observation, Reliability, Verdict } from '@socmate/contracts';

/** Observations as one verdict. */
export interface MergedVerdict {
  readonly verdict: Verdict;
  /** 0 where nothing bad is known. */
  readonly score: number;
  /** What says the same, or worse where the verdict was capped; by provider. */
  readonly supporting: readonly Observation[];
  /** Malicious by a source of class A or B, or by two of class C or better. */
  readonly isConfirmed: boolean;
}

/**
 * The highest class of reliability that has a verdict wins, and within it the worst verdict. Known-good of class A to C
 * caps at `suspicious` unless a source of class A says malicious. What is unknown says nothing. Any order gives the same.
 */
export function mergeVerdicts(observations: readonly Observation[]): MergedVerdict {
  const opinions = observations.filter(isOpinion).sort(byProvider);
  const best = Math.min(...opinions.map(({ reliability }) => classRank(reliability)));
  const trusted = opinions.filter(({ reliability }) => classRank(reliability) === best);
  const worst = Math.min(...trusted.map(({ verdict }) => badness(verdict)));
  const winner = Verdict.options[worst] ?? 'unknown';
  const verdict = winner === 'malicious' && isCapped(opinions) ? 'suspicious' : winner;
  const supporting = opinions.filter((opinion) => supports(opinion, verdict));
  return {
    verdict,
    score: scoreOf(verdict, supporting),
    supporting,
    isConfirmed: verdict === 'malicious' && isConfirmed(supporting),
  };
}

const isOpinion = ({ status, verdict }: Observation): boolean => status === 'known' && verdict !== 'unknown';

const classRank = (reliability: Reliability): number => Reliability.options.indexOf(reliability);
const badness = (verdict: Verdict): number => Verdict.options.indexOf(verdict);
const isAtLeast = ({ reliability }: Observation, least: Reliability): boolean =>
  classRank(reliability) <= classRank(least);

function isCapped(opinions: readonly Observation[]): boolean {
  const isKnownGood = opinions.some((opinion) => opinion.verdict === 'benign' && isAtLeast(opinion, 'C'));
  return (
    isKnownGood && !opinions.some((opinion) => opinion.verdict === 'malicious' && isAtLeast(opinion, 'A'))
  );
}

const supports = (opinion: Observation, verdict: Verdict): boolean =>
  opinion.verdict === verdict || (verdict === 'suspicious' && opinion.verdict === 'malicious');

function isConfirmed(supporting: readonly Observation[]): boolean {
  const providers = new Set(
    supporting.filter((opinion) => isAtLeast(opinion, 'C')).map(({ provider }) => provider),
  );
  return supporting.some((opinion) => isAtLeast(opinion, 'B')) || providers.size > 1;
}

interface Band {
  readonly least: number;
  readonly most: number;
  readonly untold: number;
}

// A provider's own figure moves an entity within its verdict's band and never out of it.
const BANDS: Readonly<Record<Verdict, Band>> = {
  malicious: { least: 70, most: 100, untold: 85 },
  suspicious: { least: 30, most: 69, untold: 50 },
  benign: { least: 0, most: 10, untold: 0 },
  unknown: { least: 0, most: 0, untold: 0 },
};

function scoreOf(verdict: Verdict, supporting: readonly Observation[]): number {
  const { least, most, untold } = BANDS[verdict];
  const told = supporting.flatMap(({ score }) => score ?? []);
  const score = told.length === 0 ? untold : Math.max(...told);
  return Math.min(most, Math.max(least, score));
}

function byProvider(a: Observation, b: Observation): number {
  return compareText(a.provider, b.provider) || compareText(JSON.stringify(a), JSON.stringify(b));
}

/** By code units, so that every machine sorts alike. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
