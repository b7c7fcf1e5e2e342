import { isRestError } from '@azure/core-rest-pipeline';

/** The status with which Azure answered the call behind a fault; undefined where no answer came. */
export function azureStatus(fault: unknown): number | undefined {
  if (isRestError(fault)) return fault.statusCode;
  return fault instanceof Error && fault.cause !== undefined ? azureStatus(fault.cause) : undefined;
}
