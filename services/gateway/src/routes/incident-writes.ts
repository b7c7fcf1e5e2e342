import {
  Comment,
  CommentAccepted,
  CommentCreate,
  IncidentNumber,
  idInPath,
  PageQuery,
  ProviderRef,
  pageOf,
  StatusChange,
  StatusChangeCreate,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Principal, type Route, reply } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { preferredWaitS } from '../incident-writes/prefer-wait.ts';
import { createListCursors } from '../list-cursor.ts';
import { namedProviders } from '../visible-providers.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'addComment' | 'changeStatus' | 'cursors' | 'incidentWrites' | 'providers'>;

const ONE = '/api/v1/incidents/{number}';
const COMMENTS = `${ONE}/comments` as const;
const CHANGES = `${ONE}/status-changes` as const;
const tag = 'Incidents';
const Params = z.object({ number: IncidentNumber });
const CommentParams = Params.extend({
  comment_id: idInPath().meta({ example: 'cmt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
});
const ChangeParams = Params.extend({
  change_id: idInPath().meta({ example: 'chg_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
});
const OneQuery = z.object({ provider: ProviderRef.optional() });
const reading = { method: 'get', tag, scope: 'incidents:read' } as const;

interface Input {
  readonly params: z.output<typeof Params>;
  readonly query: z.output<typeof OneQuery>;
  readonly principal: Principal;
}

async function refOf({ providers }: Deps, { params, query, principal }: Input) {
  return { number: params.number, providerIds: await namedProviders(providers, principal, query.provider) };
}

async function incidentId(deps: Deps, input: Input): Promise<string> {
  const id = await deps.incidentWrites.incidentId(await refOf(deps, input));
  if (id === undefined) throw notFound('incident', input.params.number);
  return id;
}

/** Where the workspace was named, a link names it too. */
const linkTo = ({ params, query }: Input, below: string): string =>
  `/api/v1/incidents/${params.number}/${below}${query.provider === undefined ? '' : `?provider=${encodeURIComponent(query.provider)}`}`;

const addComment = (deps: Deps): Route =>
  defineRoute({
    method: 'post',
    path: COMMENTS,
    tag,
    summary: 'Comment on an incident in Sentinel',
    description:
      'Written at most once, under the workspace’s own credentials, with the marker `[SoCMate cmt_…]` as its last line. 409 where the incident was deleted in Sentinel, or has the hundred comments that Sentinel takes.',
    scope: 'incidents:write',
    idempotent: true,
    params: Params,
    query: OneQuery,
    body: CommentCreate,
    status: 202,
    sendsHeaders: { Location: 'Where to read what becomes of it.' },
    response: CommentAccepted,
    handle: async (input) => {
      const accepted = await deps.addComment(await refOf(deps, input), input.body, input);
      return reply(accepted, { headers: { location: linkTo(input, `comments/${accepted.comment_id}`) } });
    },
  });

function listComments(deps: Deps): Route {
  const listCursors = createListCursors(deps.cursors, COMMENTS);
  return defineRoute({
    ...reading,
    path: COMMENTS,
    summary: 'List SoCMate’s comments on an incident, newest first',
    description: 'Those that were written here; those that people wrote in Sentinel stay there.',
    params: Params,
    query: PageQuery.extend(OneQuery.shape),
    response: pageOf(Comment),
    handle: async (input) => {
      const { query } = input;
      // A cursor goes on in the list of one incident.
      const listed = { ...query, number: input.params.number };
      const { after } = listCursors.open(listed);
      const id = await incidentId(deps, input);
      const page = { limit: query.limit, offset: query.offset, after };
      const { comments, next } = await deps.incidentWrites.comments(id, page);
      const counted = await deps.incidentWrites.countComments(id);
      return toPage(comments, counted, query, listCursors.next(listed, next));
    },
  });
}

const getComment = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${COMMENTS}/{comment_id}`,
    summary: 'Read what became of a comment',
    params: CommentParams,
    query: OneQuery,
    response: Comment,
    handle: async (input) => {
      const { comment_id: id } = input.params;
      const comment = await deps.incidentWrites.comment(await incidentId(deps, input), id);
      if (!comment) throw notFound('comment', id);
      return comment;
    },
  });

const changeStatus = (deps: Deps): Route =>
  defineRoute({
    method: 'post',
    path: `${ONE}/status`,
    tag,
    summary: 'Change an incident’s status in Sentinel',
    description:
      'Off for a workspace (403) until an administrator sets `allow_status_changes`. The outcome is waited for, 15 s or as `Prefer: wait=N` says; a change that takes longer, or that comes while very many are waited for, is answered 202 with `status: pending`.',
    scope: 'incidents:act',
    idempotent: true,
    params: Params,
    query: OneQuery,
    alsoAnswers: {
      202: 'Under way: `Location` says where to read what becomes of it',
      409: 'The incident changed in Sentinel since it was synced, was deleted there or has another etag than `If-Match` names; another change is under way (see `Retry-After`); or an `Idempotency-Key` used for something else',
      502: 'Azure refused it',
    },
    takesHeaders: {
      Prefer: '`wait=N`: how many seconds to wait for the outcome, 0 to 60.',
      'If-Match':
        'Sentinel’s etag, as `sentinel.etag` of the incident has it: 409 where it is another by now.',
    },
    sendsHeaders: { Location: 'Where to read what becomes of it.' },
    body: StatusChangeCreate,
    response: StatusChange,
    handle: async (input) => {
      const { request, body: requested } = input;
      const waitS = preferredWaitS(request.header('prefer'));
      const ifMatch = request.header('if-match');
      const change = await deps.changeStatus(
        { ref: await refOf(deps, input), requested, ifMatch, waitS },
        input,
      );
      const headers = { location: linkTo(input, `status-changes/${change.change_id}`) };
      return reply(change, { status: change.status === 'pending' ? 202 : 200, headers });
    },
  });

const getChange = (deps: Deps): Route =>
  defineRoute({
    ...reading,
    path: `${CHANGES}/{change_id}`,
    summary: 'Read what became of a status change',
    params: ChangeParams,
    query: OneQuery,
    response: StatusChange,
    handle: async (input) => {
      const { change_id: id } = input.params;
      const change = await deps.incidentWrites.statusChange(await incidentId(deps, input), id);
      if (!change) throw notFound('status change', id);
      return change;
    },
  });

/** What is written back to Sentinel: comments and status changes. */
export const incidentWriteRoutes = (deps: Deps): Route[] => [
  addComment(deps),
  listComments(deps),
  getComment(deps),
  changeStatus(deps),
  getChange(deps),
];
