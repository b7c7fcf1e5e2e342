import type { Entity, Observation } from '@socmate/contracts';
import { addressClass } from './address-class.ts';
import type { AssessmentFacts } from './assessment.ts';
import { generatedNames } from './generated-names.ts';
import { createGeoLocation, type GeoDatabase } from './geo-location.ts';
import { hashKind } from './hash-kind.ts';
import { createInternalHistory } from './internal-history.ts';
import { livingOffTheLand } from './living-off-the-land.ts';
import { createLookAlikes } from './look-alikes.ts';
import { observe } from './observe.ts';
import { privilegedAccounts } from './privileged-accounts.ts';
import { createTenantLists } from './tenant-lists.ts';
import { wellKnownSid } from './well-known-sids.ts';

export interface OfflineConfig {
  /** The tenant's verified domains, which others imitate; those on the list `internal` count as well. */
  readonly tenantDomains: readonly string[];
  /** Where a database of places is configured. */
  readonly geo?: GeoDatabase | undefined;
}

interface OfflineAnswer {
  readonly observations: Observation[];
  /** What is shown beside the entity, by name. */
  readonly context: Record<string, unknown>;
}

/** Given what is known at a time, what is known of an entity. */
export type OfflineProviders = (facts: AssessmentFacts, now: Date) => (entity: Entity) => OfflineAnswer;

/** What is known without asking anybody. */
export function createOfflineProviders({ tenantDomains, geo }: OfflineConfig): OfflineProviders {
  const fixed = [addressClass, hashKind, wellKnownSid, privilegedAccounts, livingOffTheLand, generatedNames];
  const located = geo === undefined ? [] : [createGeoLocation(geo)];
  return (facts, now) => {
    const internal = facts.lists.filter(({ list, type }) => list === 'internal' && type === 'domain');
    const own = [...tenantDomains, ...internal.map(({ value }) => value)];
    const providers = [
      ...fixed,
      ...located,
      createLookAlikes(own.map((domain) => domain.toLowerCase())),
      createTenantLists(facts.lists, now),
      createInternalHistory(facts.history),
    ];
    return (entity) => {
      const answers = providers.flatMap((provider) => {
        const finding = provider.find(entity);
        return finding === undefined ? [] : [{ name: provider.name, finding }];
      });
      return {
        observations: answers.map(({ name, finding }) => observe(name, finding, now)),
        context: Object.assign({}, ...answers.map(({ finding }) => finding.context ?? {})),
      };
    };
  };
}
