import { isMask } from '@socmate/crypto';
import { invalidField } from '@socmate/runtime';

/** Refuses what a secret is shown as: whoever copies what was read would store it in place of the secret. */
export function assertSecret(text: string | undefined, loc: readonly string[]): void {
  if (text !== undefined && isMask(text))
    throw invalidField([...loc], 'is how a secret is shown: give the secret itself', 'masked_secret');
}
