import { registrableDomain } from '@socmate/entities';
import { hostOf } from './named-host.ts';
import type { OfflineProvider } from './observe.ts';

const LENGTH_MIN = 12;
const ENTROPY_MIN_BITS = 3.2;
const VOWELS_MAX = 0.22;
const SWITCHES_MIN = 4;

/** Domains whose registered name looks as if a program had made it up. A hint only: providers of content do the same. */
export const generatedNames: OfflineProvider = {
  name: 'generated-name',
  find(entity) {
    const host = entity.type === 'domain' || entity.type === 'url' ? hostOf(entity) : undefined;
    const registrable = host === undefined ? undefined : registrableDomain(host);
    // Below a shared suffix the names are those of customers' resources, which programs make up.
    if (registrable === undefined || registrable.split('.').length > 3) return undefined;
    const label = registrable.slice(0, registrable.indexOf('.'));
    const entropyBits = entropyOf(label);
    if (!isGenerated(label, entropyBits)) return undefined;
    const entropy = Math.round(entropyBits * 100) / 100;
    return {
      reliability: 'D',
      verdict: 'suspicious',
      score: 40,
      summary: `its name looks generated (${entropy} bits a letter)`,
      evidence: { label, entropy_bits: entropy },
      context: { name_entropy_bits: entropy },
    };
  },
};

function isGenerated(label: string, entropyBits: number): boolean {
  if (label.length < LENGTH_MIN || label.startsWith('xn--') || entropyBits < ENTROPY_MIN_BITS) return false;
  // Words stand between hyphens; a program needs none.
  if (label.includes('-')) return false;
  const letters = label.replace(/[^a-z]/g, '');
  const vowels = letters.replace(/[^aeiouy]/g, '').length / Math.max(1, letters.length);
  const switches = label.match(/[a-z](?=\d)|\d(?=[a-z])/g)?.length ?? 0;
  return switches >= SWITCHES_MIN || (vowels <= VOWELS_MAX && !/[aeiouy][^aeiouy]{1,2}[aeiouy]/.test(label));
}

/** Shannon's, in bits a letter. */
export function entropyOf(text: string): number {
  const counts = Map.groupBy(text, (letter) => letter);
  const shares = [...counts.values()].map((found) => found.length / text.length);
  return shares.reduce((bits, share) => bits - share * Math.log2(share), 0);
}
