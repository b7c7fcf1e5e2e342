import { createHash } from 'node:crypto';
import type { Answer } from './gate.ts';

const TAG = /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;

/** Weak: it stands for what an answer says, not for its bytes. */
export const entityTag = (content: string): string =>
  `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;

/** Whether `If-None-Match` names a tag, by weak comparison; `*` names every one. */
export function isNamed(tag: string, ifNoneMatch: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = TAG.exec(tag)?.[1];
  return ifNoneMatch.split(',').some((one) => TAG.exec(one.trim())?.[1] === opaque);
}

/** The answer for a caller who said what it has: 304 without a body where that is what it would get. */
export function unlessKnown(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const tag = answer.headers['etag'];
  if (tag === undefined || ifNoneMatch === undefined || !isNamed(tag, ifNoneMatch)) return answer;
  return { status: 304, headers: answer.headers, body: undefined };
}
