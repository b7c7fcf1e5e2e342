import type { Observation, ObservationStatus } from '@socmate/contracts';
import type { ConfiguredProvider } from './ask-provider.ts';
import type { Judgement } from './define-provider.ts';

type Asked = Pick<ConfiguredProvider, 'provider' | 'isSimulated'>;

/** What a provider answered, and until when it is believed. */
export function answered({ provider, isSimulated }: Asked, judgement: Judgement, now: Date): Observation {
  const ttlS = provider.ttlS[judgement.status === 'unknown' ? 'unknown' : judgement.verdict];
  return storable({
    ...judgement,
    evidence: { ...judgement.evidence },
    link: judgement.link ?? null,
    provider: provider.name,
    reliability: provider.reliability,
    observed_at: now.toISOString(),
    expires_at: new Date(now.getTime() + ttlS * 1_000).toISOString(),
    cached: false,
    simulated: isSimulated,
  });
}

/** Postgres stores no NUL and no half of a surrogate pair, and a provider may answer with either. */
function storable(observation: Observation): Observation {
  const text = JSON.stringify(observation, (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  );
  return JSON.parse(text) as Observation;
}

/** What stands where an answer would be; never kept. */
export function unanswered(
  { provider, isSimulated }: Asked,
  status: Exclude<ObservationStatus, 'known' | 'unknown'>,
  { summary, now, ...evidence }: { summary: string; now: Date; [name: string]: unknown },
): Observation {
  return {
    provider: provider.name,
    status,
    verdict: 'unknown',
    score: null,
    reliability: provider.reliability,
    summary,
    observed_at: now.toISOString(),
    expires_at: null,
    cached: false,
    simulated: isSimulated,
    link: null,
    evidence,
  };
}
