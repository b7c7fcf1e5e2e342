import type { EnrichedEntity, Entity, Observation } from '@socmate/contracts';
import type { Assess, AssessmentInput } from './assessment.ts';
import type { JudgedEntity } from './entity-claims.ts';
import { createFamilies } from './evidence-families.ts';
import { readTactics, readTechniques } from './incident-techniques.ts';
import { compareText, mergeVerdicts } from './merge-verdicts.ts';
import { createOfflineProviders, type OfflineConfig } from './offline-providers.ts';
import { privilegesOf } from './privileged-accounts.ts';
import { rankIncident } from './rank-incident.ts';
import { scoreIncident } from './score-incident.ts';

interface Judged extends JudgedEntity {
  readonly enriched: EnrichedEntity;
}

/** Asks the offline providers, merges what all said of each entity, scores and ranks the incident. */
export function createAssess(config: OfflineConfig): Assess {
  const offline = createOfflineProviders(config);
  return (input) => {
    const { incident, entities, facts, now, related } = input;
    const ask = offline(facts, now);
    const judged = entities.map((entity) => judge(entity, ask(entity), input));
    judged.sort(byBadness);
    const techniques = readTechniques(incident.techniques);
    const tactics = readTactics(incident.tactics, techniques);
    const families = createFamilies(entities, facts.relations);
    const risk = scoreIncident({ judged, families, tactics, techniques, related });
    const isPrivilegeAtRisk =
      judged.some(({ observations }) => privilegesOf(observations).length > 0) &&
      judged.some(({ merged }) => merged.isConfirmed);
    return {
      risk,
      entities: judged.map(({ enriched }) => enriched),
      techniques,
      priority: rankIncident({ severity: incident.severity, risk, isPrivilegeAtRisk }),
    };
  };
}

interface Told {
  readonly observations: readonly Observation[];
  readonly context: Record<string, unknown>;
}

function judge(entity: Entity, offline: Told, { observations: online }: AssessmentInput): Judged {
  const { type, value, key } = entity;
  const observations = [...offline.observations, ...(online.get(key) ?? [])].sort((a, b) =>
    compareText(a.provider, b.provider),
  );
  const merged = mergeVerdicts(observations);
  const { verdict, score } = merged;
  const enriched = { type, value, key, verdict, score, observations, context: offline.context };
  return { entity, observations, merged, enriched };
}

const byBadness = ({ enriched: a }: Judged, { enriched: b }: Judged): number =>
  b.score - a.score || compareText(a.type, b.type) || compareText(a.key, b.key);
