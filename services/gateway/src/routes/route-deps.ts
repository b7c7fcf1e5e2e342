import type { CursorCodec } from '@socmate/crypto';
import type { ApiKeys, AuditTrail } from '@socmate/database';
import type { Clock, Readiness } from '@socmate/runtime';
import type { ManageApiKeys } from '../api-keys/manage-api-keys.ts';
import type { DomainDeps } from '../domain-deps.ts';
import type { GraphQuestions } from '../graph/graph-questions.ts';

/** All that routes ask for. A factory of routes takes a part of it and only closes over it. */
export interface RouteDeps extends DomainDeps {
  readonly clock: Clock;
  readonly cursors: CursorCodec;
  readonly ready: () => Promise<Readiness>;
  readonly apiKeys: ApiKeys;
  readonly manageApiKeys: ManageApiKeys;
  readonly auditTrail: AuditTrail;
  readonly graphQuestions: GraphQuestions;
}
