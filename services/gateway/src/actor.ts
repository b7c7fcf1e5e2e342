import type { Principal, RequestInfo } from '@socmate/http';

/** Who changes something, for the audit log. */
export interface Actor {
  readonly id: string;
  readonly ip?: string;
  readonly requestId?: string;
}

export const actorOf = ({ principal, request }: { principal: Principal; request: RequestInfo }): Actor => ({
  id: principal.id,
  ip: request.ip,
  requestId: request.id,
});

/** Whoever has the host: the launcher and its commands. */
export const HOST_ACTOR: Actor = { id: 'host' };
