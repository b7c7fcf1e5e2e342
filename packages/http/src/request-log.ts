import type { Logger } from '@socmate/runtime';
import type { Request, Response } from 'express';

/** What the log line of a request adds to what the request itself says. */
export interface RequestTrail {
  id: string;
  /** When it arrived, by `performance.now()`. */
  arrivedAt: number;
  route?: string;
  principal?: string;
}

/** One line when the answer is sent or given up on; the query and the headers stay out of it. */
export function logRequest(req: Request, res: Response, trail: RequestTrail, log: Logger): void {
  res.once('close', () => {
    const line = {
      request_id: trail.id,
      method: req.method,
      path: req.path,
      route: trail.route,
      status: res.statusCode,
      principal: trail.principal,
      ip: req.ip,
      duration_ms: Math.round((performance.now() - trail.arrivedAt) * 10) / 10,
    };
    if (!res.writableFinished) log.info(line, 'request aborted');
    else if (req.path.startsWith('/health/')) log.debug(line, 'request');
    else log.info(line, 'request');
  });
}
