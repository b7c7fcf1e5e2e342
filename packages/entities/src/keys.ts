import { createHash } from 'node:crypto';
import type { EntityType } from '@socmate/contracts';
import { storableText } from './storable.ts';

const TEXT_MAX = 400;

/** The key of something that is the same wherever it is seen. */
export function strongKey(type: EntityType, text: string): string {
  const plain = isAddressLike(type) ? text : text.replaceAll('@', '%40');
  return `${type}:${bounded(plain)}`;
}

/** The key of something that only its workspace tells apart from others of that name. */
export function weakKey(type: EntityType, text: string, workspace: string): string {
  return `${type}:${bounded(text)}@${encodeWorkspace(workspace)}`;
}

/** A weak key ends in its workspace, in which a dot is escaped; what follows an at sign elsewhere is a domain. */
export function isWeakKey(key: string): boolean {
  const at = key.lastIndexOf('@');
  return at >= 0 && !key.includes('.', at);
}

const isAddressLike = (type: EntityType): boolean =>
  type === 'user' || type === 'email' || type === 'mailbox';

// An index entry of Postgres holds some 2,700 bytes.
function bounded(given: string): string {
  const text = storableText(given);
  if (text.length <= TEXT_MAX) return text;
  return `${text.slice(0, TEXT_MAX)}~${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

function encodeWorkspace(workspace: string): string {
  return encodeURIComponent(workspace.toWellFormed()).replaceAll('.', '%2E');
}
