import { createHash } from 'node:crypto';

/** A comment's name in Azure, a GUID that only its id decides: a repeated write under it is the same comment. */
export function commentName(commentId: string): string {
  const digest = createHash('sha256').update(`socmate:${commentId}`).digest('hex');
  // Version 8 of RFC 9562 is the one for names of one's own making.
  const parts = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `9${digest.slice(17, 20)}`,
  ];
  return [...parts, digest.slice(20, 32)].join('-');
}
