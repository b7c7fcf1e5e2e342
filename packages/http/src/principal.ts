import type { Scope } from '@socmate/contracts';

/** Who asks, as its credential proved it. */
export interface Principal {
  /** The row behind the credential: `key_…`. */
  readonly id: string;
  readonly kind: 'api_key';
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Ids of the workspaces it is limited to; empty means all. */
  readonly providers: readonly string[];
  readonly rateLimitPerMinute: number;
}
