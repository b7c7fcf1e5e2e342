import type { z } from 'zod';
import type { ControlDeps } from './control.ts';
import {
  ChangeBody,
  CommentBody,
  ControlError,
  MergeBody,
  MoveAlertBody,
  NothingBody,
  parseBody,
} from './control-input.ts';
import { done, incidentIn, ok, workspaceOf } from './control-target.ts';
import { guid } from './guid.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { findComment, MAX_COMMENTS } from './incident-comments.ts';
import { additionalData, contentOf, findAlert } from './incident-content.ts';
import type { IncidentRecord } from './incident-store.ts';
import type { Workspace } from './workspace.ts';

interface Asked<T> {
  readonly workspace: Workspace;
  readonly record: IncidentRecord;
  readonly body: T;
}

const ANALYST = {
  email: 'jo.analyst@contoso.com',
  name: 'Jo Analyst',
  userPrincipalName: 'jo.analyst@contoso.com',
};

const mergedInto = (record: IncidentRecord): string | undefined =>
  additionalData(contentOf(record))['mergedIncidentNumber'] as string | undefined;

const bodyOf = (record: IncidentRecord | undefined): unknown => record?.source.body(record);

function requireUnmerged(record: IncidentRecord): void {
  const into = mergedInto(record);
  if (into === undefined) return;
  throw new ControlError(409, `incident ${record.number} was merged into ${into}; reopen it first`);
}

function requireOther({ number }: IncidentRecord, { number: other }: IncidentRecord): void {
  if (number === other) throw new ControlError(422, `incident ${number} cannot be its own target`);
}

function change(deps: ControlDeps, asked: Asked<z.output<typeof ChangeBody>>): Reply {
  const { workspace, record, body } = asked;
  const { classification, classificationReason, classificationComment, status = record.status } = body;
  const isClosing = [classification, classificationReason, classificationComment].some(Boolean);
  if (isClosing && status !== 'Closed') {
    throw new ControlError(422, 'classification: only a closed incident has one; close it with "status"');
  }
  const operation = {
    op: 'change',
    workspace: workspace.name,
    number: record.number,
    change: body,
  } as const;
  const [changed] = deps.simulated.perform(operation, deps.clock.now());
  return ok(bodyOf(changed));
}

function merge(deps: ControlDeps, { workspace, record, body }: Asked<z.output<typeof MergeBody>>): Reply {
  const into = incidentIn(workspace, body.into);
  requireOther(record, into);
  requireUnmerged(record);
  requireUnmerged(into);
  const operation = {
    op: 'merge',
    workspace: workspace.name,
    number: record.number,
    to: into.number,
  } as const;
  const [source, target] = deps.simulated.perform(operation, deps.clock.now());
  return ok({ source: bodyOf(source), target: bodyOf(target) });
}

function reopen(deps: ControlDeps, { workspace, record }: Asked<unknown>): Reply {
  const { number, status } = record;
  if (status !== 'Closed') throw new ControlError(409, `incident ${number} is ${status}, not Closed`);
  const [opened] = deps.simulated.perform(
    { op: 'reopen', workspace: workspace.name, number },
    deps.clock.now(),
  );
  return ok(bodyOf(opened));
}

function moveAlert(deps: ControlDeps, asked: Asked<z.output<typeof MoveAlertBody>>): Reply {
  const { workspace, record, body } = asked;
  const to = incidentIn(workspace, body.to);
  requireOther(record, to);
  requireUnmerged(to);
  const linked = findAlert(contentOf(record), body.alert);
  if (!linked) throw new ControlError(404, `incident ${record.number} has no alert ${body.alert}`);
  const operation = {
    op: 'move',
    workspace: workspace.name,
    number: record.number,
    alert: linked.alert.name,
    to: to.number,
  } as const;
  const [source, target] = deps.simulated.perform(operation, deps.clock.now());
  return ok({ source: bodyOf(source), target: bodyOf(target) });
}

function remove(deps: ControlDeps, { workspace, record }: Asked<unknown>): Reply {
  deps.simulated.perform(
    { op: 'delete', workspace: workspace.name, number: record.number },
    deps.clock.now(),
  );
  return done;
}

function comment(deps: ControlDeps, asked: Asked<z.output<typeof CommentBody>>): Reply {
  const { workspace, record, body } = asked;
  const { comments } = contentOf(record);
  if (comments.length >= MAX_COMMENTS) {
    throw new ControlError(
      409,
      `incident ${record.number} has ${MAX_COMMENTS} comments, the most Sentinel allows`,
    );
  }
  const name = guid(record.name, 'comment', record.modified, comments.length);
  const author = { objectId: guid(deps.tenant.seed, 'user', ANALYST.email), ...ANALYST };
  const operation = {
    op: 'comment',
    workspace: workspace.name,
    number: record.number,
    comment: { name, message: body.message, author },
  } as const;
  const [changed] = deps.simulated.perform(operation, deps.clock.now());
  return ok(changed && findComment(contentOf(changed), name), 201);
}

/** What analysts, and Defender, do to incidents in the portals. */
export function incidentControlRoutes(deps: ControlDeps): Route[] {
  const route = <S extends z.ZodType>(
    below: string,
    schema: S,
    handle: (deps: ControlDeps, asked: Asked<z.output<S>>) => Reply,
  ): Route => ({
    method: 'POST',
    path: `/incidents/:number${below}`,
    kind: 'control',
    handle: async (call: Call) => {
      const workspace = workspaceOf(call, deps);
      const record = incidentIn(workspace, call.params['number'] ?? '');
      return handle(deps, { workspace, record, body: parseBody(schema, call) });
    },
  });
  return [
    route('', ChangeBody, change),
    route('/merge', MergeBody, merge),
    route('/reopen', NothingBody, reopen),
    route('/move-alert', MoveAlertBody, moveAlert),
    route('/delete', NothingBody, remove),
    route('/comments', CommentBody, comment),
  ];
}
