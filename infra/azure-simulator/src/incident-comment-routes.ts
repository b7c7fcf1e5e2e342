import { badRequest } from './arm-error.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { findComment, MAX_COMMENTS } from './incident-comments.ts';
import { contentOf } from './incident-content.ts';
import { parseCommentRequest, requireFresh } from './incident-requests.ts';
import { INCIDENT, type InsightsAccess, noSuch } from './insights-access.ts';
import type { Application } from './tenant.ts';

const COMMENTS = `${INCIDENT}/comments`;
const COMMENT = `${COMMENTS}/:comment`;

/** How Sentinel names an application that comments. */
const authorOf = ({ objectId, name }: Application) => ({
  objectId,
  email: null,
  name,
  userPrincipalName: null,
});

async function list(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { record } = await insights.reading(call, 'incidents/comments/read');
  return { status: 200, body: { value: contentOf(record).comments.toReversed() } };
}

async function get(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { record } = await insights.reading(call, 'incidents/comments/read');
  const name = call.params['comment'] ?? '';
  const comment = findComment(contentOf(record), name);
  if (!comment) throw noSuch(name);
  return { status: 200, body: comment };
}

async function put(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { workspace, application } = await insights.writing(call, 'incidents/comments/write');
  const record = insights.incident(call, workspace);
  const { etag, properties } = parseCommentRequest(call);
  const content = contentOf(record);
  const name = call.params['comment'] ?? '';
  const known = findComment(content, name);
  requireFresh(call, etag, known);
  if (!known && content.comments.length >= MAX_COMMENTS) {
    throw badRequest(`The incident has ${MAX_COMMENTS} comments, which is the most it can have`);
  }
  const comment = {
    name: known?.name ?? name,
    message: properties.message,
    author: authorOf(application),
  };
  const [changed] = insights.perform({
    op: 'comment',
    workspace: workspace.name,
    number: record.number,
    comment,
  });
  return { status: known ? 200 : 201, body: changed && findComment(contentOf(changed), name) };
}

async function remove(call: Call, insights: InsightsAccess): Promise<Reply> {
  const { workspace } = await insights.writing(call, 'incidents/comments/delete');
  const { number, ...record } = insights.incident(call, workspace);
  const known = findComment(contentOf({ number, ...record }), call.params['comment'] ?? '');
  if (!known) return { status: 204 };
  insights.perform({ op: 'delete-comment', workspace: workspace.name, number, name: known.name });
  return { status: 200 };
}

export function commentRoutes(insights: InsightsAccess): Route<'comments'>[] {
  const route = (
    method: Route['method'],
    path: string,
    answer: (call: Call, insights: InsightsAccess) => Promise<Reply>,
  ): Route<'comments'> => ({ method, path, kind: 'comments', handle: (call) => answer(call, insights) });
  return [
    route('GET', COMMENTS, list),
    route('GET', COMMENT, get),
    route('PUT', COMMENT, put),
    route('DELETE', COMMENT, remove),
  ];
}
