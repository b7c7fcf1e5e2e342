import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { AppError, errorMessage, systemClock } from '@socmate/runtime';
import { ConnectionError, type ConnectionErrorOptions, type ConnectionField } from './connection-error.ts';
import { retryAfterMs } from './retry-after.ts';

/** The built-in role that may read incidents, alerts and entities. */
export const READER_ROLE = 'Microsoft Sentinel Reader';
/** The built-in role that may also comment on incidents and change them. */
export const RESPONDER_ROLE = 'Microsoft Sentinel Responder';
/** The built-in role that may query the logs. */
export const LOG_READER_ROLE = 'Log Analytics Reader';

interface Refusal {
  /** `incidents_read` unless given. */
  readonly check?: ConnectionErrorOptions['check'];
  readonly field: ConnectionField;
  readonly message: string;
}

/** What was tried, so that a fault can be told in one sentence. */
export interface Attempted {
  /** As in "Azure did not answer while …": `reading the incidents of workspace x`. */
  readonly doing: string;
  readonly onForbidden: Refusal;
  readonly onNotFound: (cause: unknown) => AppError;
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/;

function networkFault({ doing }: Attempted, fault: RestError): AppError {
  const message = CERTIFICATE.test(fault.code ?? '')
    ? `Azure’s certificate is not trusted (${fault.code}) while ${doing}`
    : `Azure could not be reached while ${doing}`;
  return new AppError('unavailable', message, { cause: fault });
}

/** ARM names the missing action or resource in a code of its own: safe to show, unlike its message. */
const codeOf = ({ code }: RestError): string =>
  code !== undefined && /^[A-Za-z]{1,60}$/.test(code) ? ` (${code})` : '';

function answeredFault(attempted: Attempted, fault: RestError, status: number): AppError {
  const { doing, onForbidden, onNotFound } = attempted;
  const code = codeOf(fault);
  if (status === 403) {
    const { check = 'incidents_read', field, message } = onForbidden;
    return new ConnectionError(`${message}${code}`, { check, field, cause: fault });
  }
  if (status === 404) return onNotFound(fault);
  if (status === 401)
    return new AppError('unavailable', `Azure did not accept the access token${code} while ${doing}`, {
      cause: fault,
    });
  if (status === 429 || status >= 500) {
    const waitMs = retryAfterMs(fault.response?.headers.get('retry-after'), systemClock.now());
    const retryAfterS = waitMs === undefined ? undefined : Math.ceil(waitMs / 1_000);
    const asks = retryAfterS === undefined ? '' : ` and asks to wait ${retryAfterS} s`;
    const what = status === 429 ? 'throttles the requests' : `answered ${status}`;
    return new AppError('unavailable', `Azure ${what}${code} while ${doing}${asks}`, {
      cause: fault,
      ...(retryAfterS !== undefined && { retryAfterS }),
    });
  }
  return new AppError('upstream_error', `Azure refused the request with ${status}${code} while ${doing}`, {
    cause: fault,
  });
}

/**
 * What went wrong in a call to Azure, in a sentence that is safe to show: `invalid_input` where the connection
 * must be mended, `unavailable` where waiting may help, `upstream_error` where Azure answered nonsense.
 */
export function azureFault(attempted: Attempted, fault: unknown): unknown {
  if (fault instanceof AppError || !(fault instanceof Error)) return fault;
  if (fault.name === 'AbortError' || fault.name === 'TimeoutError') {
    return new AppError('unavailable', `Azure did not answer in time while ${attempted.doing}`, {
      cause: fault,
    });
  }
  if (!isRestError(fault))
    return new Error(`failed while ${attempted.doing}: ${errorMessage(fault)}`, { cause: fault });
  const { statusCode } = fault;
  if (statusCode === undefined) return networkFault(attempted, fault);
  if (statusCode >= 200 && statusCode < 300) return garbled(attempted, fault);
  return answeredFault(attempted, fault, statusCode);
}

export const garbled = ({ doing }: Attempted, cause?: unknown): AppError =>
  new AppError(
    'upstream_error',
    `Azure answered with something that is not its documented form while ${doing}`,
    {
      cause,
    },
  );
