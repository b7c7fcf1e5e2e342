import { etag } from './guid.ts';
import { additionalData, type IncidentContent, withAdditionalData } from './incident-content.ts';
import type { JsonObject, Resource } from './incident-store.ts';
import type { CommentFacts } from './journal.ts';
import { instantAt } from './times.ts';

/** Azure's own limits. */
export const MAX_COMMENT_LENGTH = 30_000;
export const MAX_COMMENTS = 100;

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

export const findComment = ({ comments }: IncidentContent, name: string): Resource | undefined =>
  comments.find((comment) => sameName(comment.name, name));

const counted = (content: IncidentContent, by: number): IncidentContent =>
  withAdditionalData(content, {
    commentsCount: Math.max(0, Number(additionalData(content)['commentsCount'] ?? 0) + by),
  });

/** Creates it, or changes the one that has its name already. */
export function putComment(
  content: IncidentContent,
  { name, message, author }: CommentFacts,
  at: Date,
): IncidentContent {
  const now = instantAt(at.getTime());
  const known = findComment(content, name);
  const properties: JsonObject = {
    message,
    createdTimeUtc: known?.properties['createdTimeUtc'] ?? now,
    lastModifiedTimeUtc: now,
    author,
  };
  const version = etag(content.body.etag ?? '', name);
  if (known) {
    const changed = { ...known, etag: version, properties };
    const comments = content.comments.map((comment) => (comment === known ? changed : comment));
    return { ...content, comments };
  }
  const comment: Resource = {
    id: `${content.body.id}/Comments/${name}`,
    name,
    etag: version,
    type: 'Microsoft.SecurityInsights/Incidents/Comments',
    properties,
  };
  return counted({ ...content, comments: [...content.comments, comment] }, 1);
}

export function deleteComment(content: IncidentContent, name: string): IncidentContent {
  const comments = content.comments.filter((comment) => !sameName(comment.name, name));
  return counted({ ...content, comments }, comments.length - content.comments.length);
}
