/** A target that the policy refuses. It never says which address, or why: that would map an internal network. */
export class BlockedTargetError extends Error {
  override readonly name = 'BlockedTargetError';
  readonly code = 'blocked_target';

  constructor() {
    super('the URL leads to an address that may not be called');
  }
}
