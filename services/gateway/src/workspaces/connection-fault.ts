import { AppError, invalidField } from '@socmate/runtime';
import { ConnectionError, type ConnectionField, type WorkspaceCheck } from '@socmate/sentinel';

const told = (message: string, field: ConnectionField | undefined, cause?: unknown): AppError =>
  field === undefined
    ? new AppError('upstream_error', message, { cause })
    : invalidField(['body', field], message, 'connection_refused');

/**
 * What a caller is told where its workspace could not be found: a 422 at the field that Azure refuses, or a 502 where
 * Azure is at fault.
 */
export function connectionFault(fault: unknown): unknown {
  if (!(fault instanceof AppError)) return fault;
  return told(fault.message, fault instanceof ConnectionError ? fault.field : undefined, fault);
}

/** What a caller is told where a check of its workspace was denied or failed, by the same rule. */
export const checkFault = ({
  field,
  message = 'the workspace could not be read',
}: WorkspaceCheck): AppError => told(message, field);
