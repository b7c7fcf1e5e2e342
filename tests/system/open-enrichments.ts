import { Enrichment, EnrichmentRecord } from '@socmate/contracts';
import type { System } from './start-system.ts';

export interface EnrichOptions {
  readonly force?: boolean;
  readonly waitS?: number;
}

/** Asks for enrichments as a SOAR tool does, and waits for them. */
export function openEnrichments({ gatewayUrl, adminApiKey }: Pick<System, 'gatewayUrl' | 'adminApiKey'>) {
  const enrich = async (number: number, { force = false, waitS = 40 }: EnrichOptions = {}) => {
    const answer = await fetch(`${gatewayUrl}/api/v1/incidents/${number}/enrich`, {
      method: 'POST',
      headers: {
        'x-api-key': adminApiKey,
        'content-type': 'application/json',
        ...(waitS > 0 && { prefer: `wait=${waitS}` }),
      },
      body: JSON.stringify({ force }),
    });
    const body: unknown = await answer.json();
    return { status: answer.status, body };
  };
  return {
    enrich,
    /** The result, or nothing goes on. */
    result: async (number: number, options: EnrichOptions = {}): Promise<EnrichmentRecord> => {
      const { status, body } = await enrich(number, options);
      if (status !== 200) throw new Error(`enriching ${number} answered ${status}: ${JSON.stringify(body)}`);
      return EnrichmentRecord.parse(body);
    },
  };
}

const TIMES = new Set(['observed_at', 'expires_at', 'duration_ms', 'first_seen', 'last_seen']);

/** A result without what two runs over the same input may differ in: times, ids, and where an answer came from. */
export const withoutTimes = (record: EnrichmentRecord): string =>
  JSON.stringify(Enrichment.parse(record), (key: string, value: unknown) => (TIMES.has(key) ? null : value));
