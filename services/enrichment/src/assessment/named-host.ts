import type { Entity } from '@socmate/contracts';
import { readUrl } from '@socmate/entities';

/** The domain name that a domain, a URL or an e-mail address has. */
export function hostOf({ type, value }: Entity): string | undefined {
  if (type === 'domain') return value;
  if (type === 'email') return domainName(value.slice(value.lastIndexOf('@') + 1));
  if (type !== 'url') return undefined;
  const url = readUrl(value);
  return url?.hostKind === 'domain' ? url.host : undefined;
}

const domainName = (text: string): string | undefined => (text.startsWith('[') ? undefined : text);
