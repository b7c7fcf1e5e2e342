import { createHash } from 'node:crypto';
import { hashAlgorithm } from '@socmate/entities';
import type { OfflineProvider } from './observe.ts';

const EMPTY_FILE = new Set(
  ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((algorithm) =>
    createHash(algorithm).update('').digest('hex'),
  ),
);

/** The algorithm by the length of a hash, and whether it is that of nothing at all. */
export const hashKind: OfflineProvider = {
  name: 'hash-algorithm',
  find({ type, value }) {
    const algorithm = type === 'hash' ? hashAlgorithm(value) : undefined;
    if (algorithm === undefined) return undefined;
    const context = { algorithm };
    if (!EMPTY_FILE.has(value)) return { reliability: 'A', summary: algorithm, evidence: context, context };
    const summary = `${algorithm} of an empty file`;
    return { reliability: 'A', summary, verdict: 'benign', evidence: { ...context, empty: true }, context };
  },
};
