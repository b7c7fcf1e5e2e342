import { EndpointAuth, EndpointHeaders, sealContext } from '@socmate/contracts';
import { parseWebhookSecret, type Sealer } from '@socmate/crypto';
import type { ClaimedDelivery, DeliveryQueue, EndpointTarget } from '@socmate/database';
import { checkTarget, type TargetPolicy } from '@socmate/egress';
import type { Dispatcher } from 'undici';
import { type Authorize, authSecrets, createAuthorize } from './authorize.ts';
import { redactable } from './redact.ts';

/** An endpoint as the sender needs it, opened. */
export interface Target {
  readonly id: string;
  readonly urlSealed: string;
  readonly url: URL;
  /** With its query. */
  readonly path: string;
  /** The URL was allowed when it was given and is refused now: the operator's policy changed. */
  readonly isBlocked: boolean;
  /** What deliveries are signed with at a time: the secret in use, then the one before while they overlap. */
  readonly keysAt: (now: Date) => readonly Uint8Array[];
  /** The endpoint's own, beside ours. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorize: Authorize;
  /** What may stand in no log, whoever sends it back. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly retryScheduleS: readonly number[];
  readonly maxInFlight: number;
  /** Of all senders together. */
  readonly rateLimitPerSecond: number | null;
}

export interface Targets {
  /** Reads what changed among the endpoints of these deliveries: usually nothing. */
  refresh(claimed: readonly ClaimedDelivery[]): Promise<void>;
  /** The endpoint, or why its secrets cannot be opened. */
  of(endpointId: string): Target | Error;
}

interface TargetsDeps {
  readonly deliveries: Pick<DeliveryQueue, 'targets'>;
  readonly sealer: Sealer;
  readonly policy: TargetPolicy;
  readonly retryScheduleS: readonly number[];
  readonly agent: Dispatcher;
  readonly now: () => number;
}

type Keys = Pick<Target, 'keysAt'>;

function openKeys(sealer: Sealer, row: EndpointTarget): Keys {
  const context = sealContext.webhookSecret(row.id);
  const current = [parseWebhookSecret(sealer.open(row.secretSealed, context))];
  const { previousSecretSealed: previous, previousSecretExpiresAt: end } = row;
  if (previous === null || end === null) return { keysAt: () => current };
  const both = [...current, parseWebhookSecret(sealer.open(previous, context))];
  return { keysAt: (now) => (now < end ? both : current) };
}

type Opened = Pick<Target, 'headers' | 'authorize' | 'secrets'>;

const openHeaders = (sealer: Sealer, { id, headersSealed }: EndpointTarget): EndpointHeaders =>
  headersSealed === null
    ? {}
    : EndpointHeaders.parse(JSON.parse(sealer.open(headersSealed, sealContext.webhookHeaders(id))));

const openAuth = (sealer: Sealer, { id, authSealed }: EndpointTarget): EndpointAuth =>
  authSealed === null
    ? { type: 'none' }
    : EndpointAuth.parse(JSON.parse(sealer.open(authSealed, sealContext.webhookAuth(id))));

/** Path and query, as one and apart, and each value of the query as it is written and as it is read. */
const urlSecrets = ({ pathname, search, searchParams }: URL): string[] => {
  const written = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [pathname + search, pathname, ...written, ...searchParams.values()];
};

function openCredentials(deps: TargetsDeps, row: EndpointTarget, url: URL): Opened {
  const given = Object.entries(openHeaders(deps.sealer, row));
  // In one case, so that what proves who sends replaces a header of its name.
  const headers = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
  const auth = openAuth(deps.sealer, row);
  return {
    headers,
    authorize: createAuthorize(auth, { ...deps, timeoutMs: row.timeoutMs }),
    secrets: redactable([...Object.values(headers), ...authSecrets(auth), ...urlSecrets(url)]),
  };
}

function isBlocked(url: string, policy: TargetPolicy): boolean {
  try {
    checkTarget(url, policy);
    return false;
  } catch {
    return true;
  }
}

function open(deps: TargetsDeps, row: EndpointTarget): Target {
  const text = deps.sealer.open(row.urlSealed, sealContext.webhookUrl(row.id));
  const url = new URL(text);
  return {
    id: row.id,
    urlSealed: row.urlSealed,
    url,
    path: url.pathname + url.search,
    isBlocked: isBlocked(text, deps.policy),
    ...openKeys(deps.sealer, row),
    ...openCredentials(deps, row, url),
    timeoutMs: row.timeoutMs,
    retryScheduleS: row.retryScheduleS ?? deps.retryScheduleS,
    maxInFlight: row.maxInFlight,
    rateLimitPerSecond: row.rateLimitPerSecond,
  };
}

function tryOpen(deps: TargetsDeps, row: EndpointTarget): Target | Error {
  try {
    return open(deps, row);
  } catch (fault) {
    return new Error(`endpoint ${row.id} cannot be opened`, { cause: fault });
  }
}

export function createTargets(deps: TargetsDeps): Targets {
  const known = new Map<string, { version: string; target: Target | Error }>();
  return {
    refresh: async (claimed) => {
      const stale = claimed.filter((d) => known.get(d.endpointId)?.version !== d.endpointVersion);
      if (stale.length === 0) return;
      const endpointIds = [...new Set(stale.map((delivery) => delivery.endpointId))];
      const rows = await deps.deliveries.targets(endpointIds);
      for (const row of rows) known.set(row.id, { version: row.version, target: tryOpen(deps, row) });
    },
    of: (endpointId) => known.get(endpointId)?.target ?? new Error(`endpoint ${endpointId} is gone`),
  };
}
