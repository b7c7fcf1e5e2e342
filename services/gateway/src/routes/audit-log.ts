import { AuditEntry, PageQuery, pageOf, TOTAL_MAX, toPage } from '@socmate/contracts';
import { defineRoute, type Route } from '@socmate/http';
import { z } from 'zod';
import type { RouteDeps } from './route-deps.ts';

const path = '/api/admin/audit-log';
const Position = z.tuple([z.coerce.date(), z.string()]);
const name = z.string().min(1).max(128);

const query = PageQuery.extend({
  actor: name.optional(),
  action: name.optional().meta({ example: 'api_key.created' }),
  target_type: name.optional(),
  target_id: name.optional(),
});

export const auditLogRoutes = ({ auditLog, cursors }: Pick<RouteDeps, 'auditLog' | 'cursors'>): Route[] => [
  defineRoute({
    method: 'get',
    path,
    summary: 'List what was changed, newest first',
    tag: 'Audit log',
    scope: 'admin',
    query,
    response: pageOf(AuditEntry),
    handle: async ({ query: { limit, offset, cursor, ...given } }) => {
      const filter = {
        actor: given.actor,
        action: given.action,
        targetType: given.target_type,
        targetId: given.target_id,
      };
      const binding = `${path} ${JSON.stringify(filter)}`;
      const [at, id] = cursor ? Position.parse(cursors.decode(cursor, binding)) : [];
      const after = at && id !== undefined ? { at, id } : undefined;
      const { records, total, next } = await auditLog.list(filter, { limit, offset, after }, TOTAL_MAX + 1);
      const items = records.map(({ targetType, targetId, requestId, ...record }) => ({
        ...record,
        at: record.at.toISOString(),
        target_type: targetType,
        target_id: targetId,
        request_id: requestId,
      }));
      return toPage(items, total, { limit, offset }, next && cursors.encode([next.at, next.id], binding));
    },
  }),
];
