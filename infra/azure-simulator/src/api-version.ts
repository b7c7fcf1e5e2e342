import { ArmError } from './arm-error.ts';
import type { Call } from './http-routes.ts';

/** Query options are read without regard to case, as Azure does. */
export function queryOption(call: Call, name: string): string | null {
  for (const [key, value] of call.query) if (key.toLowerCase() === name) return value;
  return null;
}

/** Every ARM request names the version it was written for; `supported` where only one is served. */
export function requireApiVersion(call: Call, supported?: string): void {
  const given = queryOption(call, 'api-version');
  if (!given) {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw new ArmError(400, 'MissingApiVersionParameter', message);
  }
  if (!/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(given)) {
    const message = `The api-version '${given}' is invalid. The format must be 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'.`;
    throw new ArmError(400, 'InvalidApiVersionParameter', message);
  }
  if (supported === undefined || given === supported) return;
  const message = `No registered resource provider found for location 'westeurope' and API version '${given}' for type 'incidents'. The supported api-versions are '${supported}'.`;
  throw new ArmError(400, 'NoRegisteredProviderFound', message);
}
