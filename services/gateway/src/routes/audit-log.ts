import { AuditEntry, PageQuery, pageOf, text, toPage } from '@socmate/contracts';
import { defineRoute, type Route } from '@socmate/http';
import { AppError } from '@socmate/runtime';
import { createListCursors } from '../list-cursor.ts';
import type { RouteDeps } from './route-deps.ts';

const PATH = '/api/admin/audit-log';
const name = text(128);

const ListQuery = PageQuery.extend({
  actor: name.optional(),
  action: name.optional().meta({ example: 'api_key.created' }),
  target_type: name.optional(),
  target_id: name.optional(),
});

export function auditLogRoutes({ auditTrail, cursors }: Pick<RouteDeps, 'auditTrail' | 'cursors'>): Route[] {
  const listCursors = createListCursors(cursors, PATH);
  return [
    defineRoute({
      method: 'get',
      path: PATH,
      summary: 'List what was changed, newest first',
      tag: 'Audit log',
      scope: 'admin',
      query: ListQuery,
      response: pageOf(AuditEntry),
      handle: async ({ query, principal }) => {
        // Entries carry what was changed anywhere, and nothing in them names a workspace.
        if (principal.providers.length > 0)
          throw new AppError('forbidden', 'a key that is limited to workspaces may not read the audit log');
        const { limit, offset } = query;
        const { after } = listCursors.open(query);
        const { entries, total, next } = await auditTrail.list(query, { limit, offset, after });
        return toPage(entries, total, query, listCursors.next(query, next));
      },
    }),
  ];
}
