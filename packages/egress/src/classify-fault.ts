import { AppError } from '@socmate/runtime';
import { BlockedTargetError } from './blocked-target-error.ts';
import { EgressProxyError } from './egress-proxy-error.ts';
import { NameLookupError } from './name-lookup.ts';

/** `internal` is ours, and is not charged to the endpoint. */
export type FaultClass =
  | 'timeout'
  | 'dns_error'
  | 'connection_error'
  | 'tls_error'
  | 'blocked_target'
  | 'response_error'
  | 'internal';

// First match wins. Node names the faults of certificates by OpenSSL's own words.
const BY_CODE: readonly (readonly [RegExp, FaultClass])[] = [
  [/^(?:UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/, 'timeout'],
  [/^UND_ERR_(?:HEADERS_OVERFLOW|RES_.*|RESPONSE)$/, 'response_error'],
  [
    /^(?:ERR_(?:TLS|SSL|OSSL)_.*|(?:CERT|CRL|UNABLE_TO|ERROR_IN|DEPTH_ZERO|SELF_SIGNED|PATH_LENGTH)_.*)$/,
    'tls_error',
  ],
  [/^(?:INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|EPROTO)$/, 'tls_error'],
  [/^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ENOTCONN|UND_ERR_SOCKET)$/, 'connection_error'],
  [/^(?:EHOST|ENET)(?:UNREACH|DOWN)$/, 'connection_error'],
];
const MAX_CAUSES = 5;

/** The class of what a request through the guarded agent, or `checkTarget` on a stored URL, threw. */
export function classifyFault(err: unknown): FaultClass {
  let fault = err;
  for (let depth = 0; depth < MAX_CAUSES && isObject(fault); depth += 1) {
    const found = classifyOne(fault);
    if (found) return found;
    fault = Array.isArray(fault['errors']) ? fault['errors'][0] : fault['cause'];
  }
  return 'internal';
}

// Not `instanceof Error`: a deadline's DOMException, and errors of another realm, are none.
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function classifyOne(fault: Record<string, unknown>): FaultClass | undefined {
  if (fault instanceof BlockedTargetError) return 'blocked_target';
  if (fault instanceof AppError && fault.code === 'invalid_input') return 'blocked_target';
  if (fault instanceof EgressProxyError) return fault.faultClass;
  if (fault instanceof NameLookupError) return 'dns_error';
  if (fault['name'] === 'TimeoutError') return 'timeout';
  // undici's parser may give no code at all.
  if (fault['name'] === 'HTTPParserError') return 'response_error';
  const { code, message } = fault;
  if (typeof code !== 'string') return undefined;
  // undici gives an answer that it cannot use the code of a broken connection.
  if (code === 'UND_ERR_SOCKET' && String(message).startsWith('bad ')) return 'response_error';
  return BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
}
