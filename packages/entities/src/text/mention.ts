import type { Refanged } from './refang.ts';

export type MentionKind =
  | 'ipv4'
  | 'ipv6'
  | 'cidr'
  | 'domain'
  | 'url'
  | 'email'
  | 'md5'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'cve'
  | 'mac'
  | 'registry_key'
  | 'file_path'
  | 'upn'
  | 'account'
  | 'sid'
  | 'host'
  | 'technique';

/** One place in a text; `start` and `end` are of the text as it was given. */
export interface Mention {
  readonly kind: MentionKind;
  /** Refanged and in the normal form of its kind. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Part of another mention: the host of a URL, the domain of an e-mail address, the address of a network. */
  readonly isPart: boolean;
}

/** A text that is being read; each reader claims what it understood, so that later ones leave it alone. */
export interface Scan {
  readonly text: string;
  readonly wasDefanged: (start: number, end: number) => boolean;
  readonly mentions: Mention[];
  isClaimed(start: number, end: number): boolean;
  claim(start: number, end: number): void;
  add(kind: MentionKind, value: string, place: Place): void;
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly isPart?: boolean;
}

export function createScan({ text, originOf, wasDefanged }: Refanged): Scan {
  const claimed = new Uint8Array(text.length);
  const mentions: Mention[] = [];
  return {
    text,
    wasDefanged,
    mentions,
    isClaimed: (start, end) => claimed[start] === 1 || claimed[end - 1] === 1,
    claim: (start, end) => void claimed.fill(1, start, end),
    add(kind, value, { start, end, isPart = false }) {
      mentions.push({ kind, value, start: originOf(start), end: originOf(end), isPart });
    },
  };
}
