import { z } from 'zod';
import { EntityType } from './entities.ts';

const time = z.iso.datetime();
const percent = z.number().min(0).max(100);

/** From worst to best; `unknown` never counts as benign. */
export const Verdict = z.enum(['malicious', 'suspicious', 'benign', 'unknown']).meta({ id: 'Verdict' });
export type Verdict = z.output<typeof Verdict>;

/** How far a source is to be trusted, from A, completely reliable, to F, which cannot be judged (Admiralty code). */
export const Reliability = z.enum(['A', 'B', 'C', 'D', 'E', 'F']).meta({ id: 'Reliability' });
export type Reliability = z.output<typeof Reliability>;

export const ObservationStatus = z.enum(['known', 'unknown', 'error', 'limited', 'skipped']).meta({
  id: 'ObservationStatus',
  description:
    'known: it answered with something; unknown: it has never heard of it; error: it gave no usable answer; limited: its quota is spent; skipped: it was not asked, and `summary` says why.',
});
export type ObservationStatus = z.output<typeof ObservationStatus>;

/** What one provider says of one entity. */
export const Observation = z
  .object({
    provider: z.string().meta({ example: 'abuseipdb' }),
    status: ObservationStatus,
    verdict: Verdict,
    score: percent.nullable(),
    reliability: Reliability,
    summary: z.string().meta({ example: 'abuse confidence 98 %, 421 reports' }),
    observed_at: time,
    expires_at: time.nullable(),
    cached: z.boolean(),
    simulated: z.boolean().meta({ description: 'The Azure simulator answered, not the provider.' }),
    link: z.url().nullable(),
    evidence: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Observation' });
export type Observation = z.output<typeof Observation>;

export const ScoreLine = z
  .object({
    points: z.int(),
    reason: z.string().meta({ example: 'ip 45.155.205.20 malicious (abuseipdb 98, threatfox)' }),
    evidence: z.array(z.string()).min(1).meta({
      description:
        'What the line rests on: `entity:<key>/<provider>`, `technique:<id>`, `tactic:<name>`, `incident:<number>`, `list:<name>/<key>`.',
    }),
  })
  .meta({ id: 'ScoreLine' });
export type ScoreLine = z.output<typeof ScoreLine>;

export const RiskLevel = z
  .enum(['informational', 'low', 'medium', 'high', 'critical'])
  .meta({ id: 'RiskLevel' });
export type RiskLevel = z.output<typeof RiskLevel>;

export const EnrichedEntity = z
  .object({
    type: EntityType,
    value: z.string(),
    key: z.string(),
    verdict: Verdict,
    score: percent,
    observations: z.array(Observation),
    context: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'EnrichedEntity' });
export type EnrichedEntity = z.output<typeof EnrichedEntity>;

export const ProviderCounts = z.object({
  asked: z.int(),
  cached: z.int(),
  failed: z.int(),
  limited: z.int(),
});
export type ProviderCounts = z.output<typeof ProviderCounts>;

export const Enrichment = z
  .object({
    incident_number: z.int(),
    status: z.enum(['complete', 'partial']),
    risk: z.object({ score: z.int().min(0).max(100), level: RiskLevel, lines: z.array(ScoreLine) }),
    entities: z.array(EnrichedEntity),
    techniques: z.array(z.object({ id: z.string(), name: z.string(), tactics: z.array(z.string()) })),
    related_incidents: z.array(
      z.object({
        number: z.int(),
        provider: z.string(),
        title: z.string(),
        classification: z.string().nullable(),
        score: z.number(),
        shared: z.array(z.object({ type: EntityType, value: z.string() })),
      }),
    ),
    duration_ms: z.int(),
    providers: z.record(z.string(), ProviderCounts),
  })
  .meta({ id: 'Enrichment' });
export type Enrichment = z.output<typeof Enrichment>;

export const EnrichmentRequest = z
  .object({
    force: z.boolean().default(false).meta({
      description: 'Asks providers again whose answers are still believed.',
    }),
  })
  .meta({ id: 'EnrichmentRequest' });
export type EnrichmentRequest = z.output<typeof EnrichmentRequest>;

export const EnrichmentAccepted = z
  .object({
    job_id: z.string().meta({ example: 'enr_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    status: z.enum(['queued', 'running', 'completed']),
    links: z.object({ incident: z.string(), enrichment: z.string() }),
  })
  .meta({ id: 'EnrichmentAccepted' });
export type EnrichmentAccepted = z.output<typeof EnrichmentAccepted>;

/** The last result of an incident. */
export const EnrichmentRecord = Enrichment.extend({
  job_id: z.string().meta({ description: 'Of the run that it is the result of.' }),
  version: z.int().meta({ description: 'Grows by one with each result of the incident.' }),
  enriched_at: time,
}).meta({ id: 'EnrichmentRecord' });
export type EnrichmentRecord = z.output<typeof EnrichmentRecord>;
