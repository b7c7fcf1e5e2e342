import { AppError, errorMessage, invalidField } from '@socmate/runtime';

type Field = 'client_secret' | 'client_id' | 'tenant_id' | 'workspace_id' | 'workspace_name';

const FIELDS: readonly (readonly [RegExp, Field])[] = [
  [/AADSTS(?:7000215|7000222)\b/, 'client_secret'],
  [/AADSTS(?:90002|900023)\b/, 'tenant_id'],
  [/AADSTS\d+|may not\b/, 'client_id'],
  [/sees no workspace/, 'workspace_id'],
];

/** The field of the input that a refusal of Azure's is about. */
const fieldOf = (message: string, otherwise: Field): Field =>
  FIELDS.find(([pattern]) => pattern.test(message))?.[1] ?? otherwise;

/**
 * What a caller is told where its workspace could not be connected: a 422 at the field that is wrong, or a 502 where
 * Azure is at fault.
 */
export function connectionFault(fault: unknown, otherwise: Field = 'workspace_id'): unknown {
  if (!(fault instanceof AppError)) return fault;
  const { message } = fault;
  if (fault.code === 'invalid_input' || fault.code === 'not_found')
    return invalidField(['body', fieldOf(message, otherwise)], message, 'connection_refused');
  return new AppError('upstream_error', message, { cause: fault });
}

/** Whether Azure refused the sign-in, as against what was asked after it. */
export const isSignInRefused = (fault: unknown): boolean => /AADSTS\d+/.test(errorMessage(fault));
