import { isMask } from '@socmate/crypto';
import { invalidField } from '@socmate/runtime';
import { isMaskedUrl } from './mask-url.ts';

/** Refuses what a secret is shown as: whoever copies what was read would store it in place of the secret. */
export function assertSecret(text: string | undefined, loc: readonly string[]): void {
  if (text !== undefined && isMask(text))
    throw invalidField([...loc], 'is how a secret is shown: give the secret itself', 'masked_secret');
}

/** Refuses what a URL is shown as, for the same reason. */
export function assertWholeUrl(url: URL, loc: readonly string[]): void {
  if (isMaskedUrl(url))
    throw invalidField([...loc], 'is how a URL is shown: give the whole URL', 'masked_secret');
}
