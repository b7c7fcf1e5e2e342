import { AppError } from '@socmate/runtime';

/** What a connection is made of, by the names of the API. */
export type ConnectionField =
  | 'tenant_id'
  | 'credential_type'
  | 'client_id'
  | 'client_secret'
  | 'client_certificate'
  | 'workspace_id'
  | 'workspace_name';

export interface ConnectionErrorOptions {
  /** The check of `checkWorkspace` that it belongs to. */
  readonly check: 'token' | 'incidents_read' | 'comment_write';
  /** What Azure refuses of the connection; none where it could not answer. */
  readonly field?: ConnectionField;
  readonly cause?: unknown;
}

/** A fault of a connection: `invalid_input` where Azure refuses one of its fields, else `unavailable`. */
export class ConnectionError extends AppError {
  readonly check: ConnectionErrorOptions['check'];
  readonly field: ConnectionField | undefined;

  constructor(message: string, { check, field, cause }: ConnectionErrorOptions) {
    super(field === undefined ? 'unavailable' : 'invalid_input', message, { cause });
    this.check = check;
    this.field = field;
  }
}
