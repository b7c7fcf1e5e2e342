import { AppError, type Issue } from '@socmate/runtime';
import { z } from 'zod';

const IssueSchema = z.object({
  loc: z.array(z.union([z.string(), z.int()])).meta({ example: ['body', 'name'] }),
  msg: z.string(),
  type: z.string().meta({ example: 'missing' }),
});

const code = z.string().meta({ description: 'Stable, for programs.' });
const requestId = z.string().meta({ description: 'Also in `X-Request-Id` and in the log.' });

export const ErrorBody = z
  .object({ detail: z.string().meta({ description: 'For people.' }), code, request_id: requestId })
  .meta({ id: 'Error' });

export const ValidationErrorBody = z
  .object({ detail: z.array(IssueSchema), code, request_id: requestId })
  .meta({ id: 'ValidationError' });

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly detail: string | readonly Issue[]; readonly code: string; request_id: string };
}

const RETRY_AFTER_S = 5;

function headersOf({ status, retryAfterS }: AppError): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'ApiKey realm="socmate", header="X-API-Key"' };
  const isTemporary = status === 429 || status === 503;
  const waitS = retryAfterS ?? (isTemporary ? RETRY_AFTER_S : undefined);
  return waitS === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waitS))) };
}

/** What a caller is told of a fault; of one that is not an `AppError`, nothing but that it happened. */
export function errorAnswer(fault: unknown, request_id: string): ErrorAnswer {
  const error = fault instanceof AppError && fault.code !== 'internal' ? fault : undefined;
  if (!error) {
    return {
      status: 500,
      headers: {},
      body: { detail: 'something went wrong here; it was logged', code: 'internal', request_id },
    };
  }
  const detail =
    error.status === 422
      ? error.issues.length > 0
        ? error.issues
        : [{ loc: ['body'], msg: error.message, type: 'value_error' }]
      : error.message;
  return { status: error.status, headers: headersOf(error), body: { detail, code: error.code, request_id } };
}
