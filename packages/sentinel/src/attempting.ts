import { type Attempted, garbled, READER_ROLE, RESPONDER_ROLE } from './azure-faults.ts';
import { ConnectionError } from './connection-error.ts';
import { parseStorableJson } from './storable-json.ts';
import { type SentinelWorkspace, signerOf } from './workspace.ts';

const NEEDED = {
  incidents_read: READER_ROLE,
  comment_write: RESPONDER_ROLE,
} as const;

/** How to tell the faults of a call to a workspace; `check` is what it needs of it. */
export function attempting(
  workspace: SentinelWorkspace,
  doing: string,
  check: keyof typeof NEEDED = 'incidents_read',
): Attempted {
  const { workspaceName, resourceGroup, subscriptionId } = workspace;
  return {
    doing: `${doing} of workspace ${workspaceName}`,
    onForbidden: {
      check,
      field: 'workspace_name',
      message: `${signerOf(workspace)} lacks the role "${NEEDED[check]}" on workspace ${workspaceName}`,
    },
    onNotFound: (cause) =>
      new ConnectionError(
        `Azure has no workspace ${workspaceName} in resource group ${resourceGroup} of subscription ${subscriptionId}`,
        { check, field: 'workspace_name', cause },
      ),
  };
}

/** Parses what the service sent, before the client's own deserialiser spoilt it. */
export function readAnswer<T>(
  attempted: Attempted,
  body: string | undefined,
  parse: (body: unknown) => T,
): T {
  try {
    return parse(parseStorableJson(body ?? ''));
  } catch (cause) {
    throw garbled(attempted, cause);
  }
}
