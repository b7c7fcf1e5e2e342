import { defineRoute, type Route, reply } from '@socmate/http';
import { z } from 'zod';
import type { RouteDeps } from './route-deps.ts';

const Ready = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    checks: z.record(
      z.string(),
      z.object({ status: z.enum(['ok', 'failed']), message: z.string().optional() }),
    ),
  })
  .meta({ id: 'Readiness' });

export const healthRoutes = ({ ready }: Pick<RouteDeps, 'ready'>): Route[] => [
  defineRoute({
    method: 'get',
    path: '/health/live',
    summary: 'Whether the process runs',
    tag: 'Health',
    scope: 'public',
    response: z.object({ status: z.literal('ok') }),
    handle: () => ({ status: 'ok' as const }),
  }),
  defineRoute({
    method: 'get',
    path: '/health/ready',
    summary: 'Whether the stores answer',
    description: '503 only where Postgres does not answer; without Redis or Neo4j it is `degraded`.',
    tag: 'Health',
    scope: 'public',
    response: Ready,
    handle: async () => {
      const answer = await ready();
      return reply(answer, { status: answer.status === 'unavailable' ? 503 : 200 });
    },
  }),
];
