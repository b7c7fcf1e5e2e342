export type FaultKind =
  | 'abandoned'
  | 'timeout'
  | 'connection'
  | 'redirect'
  | 'status'
  | 'garbage'
  | 'limited';

/** A provider gave no usable answer; `message` is a predicate of it, safe to show. */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
  readonly kind: FaultKind;
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The asker has gone. */
export const abandoned = (cause: unknown): ProviderFault =>
  new ProviderFault('abandoned', 'was not waited for any longer', { cause });
