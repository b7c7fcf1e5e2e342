/** What a role assignment allows: wildcards in both lists, and what is in `notActions` taken out again. */
export interface Role {
  readonly name: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

const NOT_CONFIDENTIAL = [
  'Microsoft.SecurityInsights/ConfidentialWatchlists/*',
  'Microsoft.OperationalInsights/workspaces/query/ConfidentialWatchlist/*',
];
const READS_LOGS = [
  'Microsoft.OperationalInsights/workspaces/read',
  'Microsoft.OperationalInsights/workspaces/analytics/query/action',
  'Microsoft.OperationalInsights/workspaces/*/read',
  'Microsoft.OperationalInsights/workspaces/query/read',
  'Microsoft.OperationalInsights/workspaces/query/*/read',
];
const READS_AROUND = [
  'Microsoft.Authorization/*/read',
  'Microsoft.Insights/alertRules/*',
  'Microsoft.Resources/deployments/*',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
  'Microsoft.Support/*',
];

/** Azure's own roles, in what of them matters here. */
const SENTINEL_READER: Role = {
  name: 'Microsoft Sentinel Reader',
  actions: ['Microsoft.SecurityInsights/*/read', ...READS_LOGS, ...READS_AROUND],
  notActions: NOT_CONFIDENTIAL,
};
const SENTINEL_RESPONDER: Role = {
  name: 'Microsoft Sentinel Responder',
  actions: [
    'Microsoft.SecurityInsights/*/read',
    'Microsoft.SecurityInsights/automationRules/*',
    'Microsoft.SecurityInsights/incidents/*',
    ...READS_LOGS,
    ...READS_AROUND,
  ],
  notActions: NOT_CONFIDENTIAL,
};
const LOG_ANALYTICS_READER: Role = {
  name: 'Log Analytics Reader',
  actions: [
    '*/read',
    'Microsoft.OperationalInsights/workspaces/analytics/query/action',
    'Microsoft.OperationalInsights/workspaces/search/action',
    'Microsoft.Support/*',
  ],
  notActions: ['Microsoft.OperationalInsights/workspaces/sharedKeys/read'],
};

/** Roles that somebody made. */
const WORKSPACE_VIEWER: Role = {
  name: 'Workspace Viewer',
  actions: ['Microsoft.OperationalInsights/workspaces/read', 'Microsoft.Authorization/*/read'],
  notActions: [],
};
const INCIDENT_COMMENTER: Role = {
  name: 'Incident Commenter',
  actions: [...WORKSPACE_VIEWER.actions, 'Microsoft.SecurityInsights/*'],
  notActions: ['Microsoft.SecurityInsights/incidents/write', 'Microsoft.SecurityInsights/*/delete'],
};
const INCIDENT_READER: Role = {
  name: 'Incident Reader',
  actions: [
    'Microsoft.OperationalInsights/workspaces/read',
    'Microsoft.SecurityInsights/incidents/read',
    'Microsoft.SecurityInsights/incidents/*/read',
  ],
  notActions: [],
};

/** Which roles each application has, in every workspace. The first is the one that workspaces are connected with. */
export const ROLES_OF: Record<string, readonly Role[]> = {
  socmate: [SENTINEL_RESPONDER, LOG_ANALYTICS_READER],
  reader: [SENTINEL_READER],
  'commenter-without-logs': [INCIDENT_COMMENTER],
  'incidents-alone': [INCIDENT_READER],
  'reader-without-sentinel': [WORKSPACE_VIEWER],
  'no-access': [],
};

export const SYSTEM_ASSIGNED = 'system-assigned';

/** Which roles each managed identity has. */
export const IDENTITY_ROLES: Record<string, readonly Role[]> = {
  [SYSTEM_ASSIGNED]: [SENTINEL_RESPONDER],
  'user-assigned': [SENTINEL_READER],
};

const matches = (pattern: string, action: string): boolean => {
  const source = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${source.join('.*')}$`, 'i').test(action);
};

/** Whether one of the roles allows it; what another one takes out of its own does not count. */
export const isAllowed = (roles: readonly Role[], action: string): boolean =>
  roles.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      !notActions.some((pattern) => matches(pattern, action)),
  );
