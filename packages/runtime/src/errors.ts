const STATUS = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  invalid_input: 422,
  rate_limited: 429,
  internal: 500,
  upstream_error: 502,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof STATUS;

const RETRYABLE: Record<ErrorCode, boolean> = {
  malformed: false,
  unauthenticated: false,
  forbidden: false,
  not_found: false,
  conflict: false,
  too_large: false,
  unsupported_media_type: false,
  invalid_input: false,
  rate_limited: true,
  internal: true,
  upstream_error: true,
  unavailable: true,
};

/** One fault of an input: where it is (`['body', 'url']`), what is wrong, and its kind in `snake_case`. */
export interface Issue {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly issues?: readonly Issue[];
  readonly retryAfterS?: number;
}

/** A failure its caller is told about: `message` and `issues` are safe to show. Anything else thrown is a bug. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return STATUS[this.code];
  }

  get isRetryable(): boolean {
    return RETRYABLE[this.code];
  }
}

export const notFound = (what: string, id: string | number): AppError =>
  new AppError('not_found', `${what} ${id} not found`);

/** A 422 about one field. */
export const invalidField = (loc: Issue['loc'], msg: string, type = 'value_error'): AppError =>
  new AppError('invalid_input', msg, { issues: [{ loc, msg, type }] });

export const errorMessage = (fault: unknown): string =>
  fault instanceof Error ? fault.message : String(fault);
