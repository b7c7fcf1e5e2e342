/** A proxy that cannot be reached, or that could not reach the target: only the latter is the endpoint's. */
export class EgressProxyError extends Error {
  override readonly name = 'EgressProxyError';
  readonly faultClass: 'internal' | 'connection_error' | 'timeout';

  constructor(faultClass: EgressProxyError['faultClass'], message: string, cause?: unknown) {
    super(message, { cause });
    this.faultClass = faultClass;
  }
}
