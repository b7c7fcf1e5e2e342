import { expect, test } from '@jest/globals';
import { isAllowed } from './permissions.ts';

const COMMENT = 'Microsoft.SecurityInsights/incidents/comments/write';
const role = (actions: string[], notActions: string[] = []) => ({ actions, notActions });

test.each([
  ['its own name, in any case', [role(['microsoft.securityinsights/Incidents/comments/WRITE'])], true],
  ['a wildcard at the end', [role(['Microsoft.SecurityInsights/incidents/*'])], true],
  ['a wildcard in between', [role(['Microsoft.SecurityInsights/*/write'])], true],
  ['a wildcard alone', [role(['*'])], true],
  ['a wildcard of another kind', [role(['*/read', 'Microsoft.SecurityInsights/incidents/*/delete'])], false],
  ['a beginning without a wildcard', [role(['Microsoft.SecurityInsights/incidents'])], false],
  ['a dot that is a dot', [role(['MicrosoftXSecurityInsights/*'])], false],
  ['what is taken out again', [role(['*'], ['Microsoft.SecurityInsights/*/comments/*'])], false],
  ['what another role takes out of its own', [role(['*'], [COMMENT]), role([COMMENT])], true],
  ['no role at all', [], false],
])('%s decides', (_, permissions, expected) => {
  expect(isAllowed(permissions, COMMENT)).toBe(expected);
});
