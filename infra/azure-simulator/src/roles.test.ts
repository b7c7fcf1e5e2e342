import { expect, test } from '@jest/globals';
import { isAllowed, ROLES_OF } from './roles.ts';

const READ = 'Microsoft.SecurityInsights/incidents/read';
const WRITE = 'Microsoft.SecurityInsights/incidents/write';
const COMMENT = 'microsoft.securityinsights/incidents/comments/WRITE';
const QUERY = 'Microsoft.OperationalInsights/workspaces/query/read';
const VIEW = 'Microsoft.OperationalInsights/workspaces/read';

test.each([
  ['socmate', [VIEW, READ, WRITE, COMMENT, QUERY], []],
  ['reader', [VIEW, READ, QUERY], [WRITE, COMMENT]],
  ['commenter-without-logs', [VIEW, READ, COMMENT], [WRITE, QUERY]],
  ['incidents-alone', [VIEW, READ], [WRITE, COMMENT, QUERY, 'Microsoft.Authorization/permissions/read']],
  ['reader-without-sentinel', [VIEW], [READ, WRITE, COMMENT, QUERY]],
  ['no-access', [], [VIEW, READ, WRITE, COMMENT, QUERY]],
])('%s may do what its roles allow, and nothing else', (name, allowed, denied) => {
  const roles = ROLES_OF[name] ?? [];
  expect(allowed.filter((action) => !isAllowed(roles, action))).toEqual([]);
  expect(denied.filter((action) => isAllowed(roles, action))).toEqual([]);
});
