import { changeIncident, reopenIncident, replaceIncident } from './incident-change.ts';
import { deleteComment, putComment } from './incident-comments.ts';
import { contentOf, type IncidentContent, withContent } from './incident-content.ts';
import { mergeIncidents, moveAlert, type Pair } from './incident-merge.ts';
import type { IncidentRecord } from './incident-store.ts';
import type { Edit, Operation } from './journal.ts';
import { incidentBody } from './rest-bodies.ts';
import { instantAt } from './times.ts';
import type { Workspace } from './workspace.ts';

export interface EditPlace {
  readonly workspace: Workspace;
  readonly seed: string;
  readonly at: Date;
}

const EDITS: Record<Edit['op'], true> = {
  change: true,
  put: true,
  reopen: true,
  merge: true,
  move: true,
  comment: true,
  'delete-comment': true,
  delete: true,
};

export const isEdit = (operation: Operation): operation is Edit => operation.op in EDITS;

function created(
  { name, number, replacement }: Extract<Edit, { op: 'put' }>,
  { workspace, seed, at }: EditPlace,
): IncidentRecord {
  const now = instantAt(at.getTime());
  const occurrence = { workspace, seed, number, created: now, modified: now, name };
  const facts = {
    providerName: 'Azure Sentinel',
    severity: replacement.severity,
    status: replacement.status,
  };
  const body = incidentBody(occurrence, facts, []);
  const source = { body: () => body, alerts: () => [], entities: () => [] };
  return { name, number, created: now, modified: now, ...facts, source };
}

function edited(content: IncidentContent, edit: Edit, at: Date): IncidentContent {
  if (edit.op === 'change') return changeIncident(content, edit.change);
  if (edit.op === 'put') return replaceIncident(content, edit.replacement);
  if (edit.op === 'reopen') return reopenIncident(content);
  if (edit.op === 'comment') return putComment(content, edit.comment, at);
  if (edit.op === 'delete-comment') return deleteComment(content, edit.name);
  return content;
}

function editPair(
  edit: Extract<Edit, { op: 'merge' | 'move' }>,
  source: IncidentRecord,
  { workspace, at }: EditPlace,
): IncidentRecord[] {
  const target = workspace.incidents.byNumber(edit.to);
  if (!target) return [];
  const pair: Pair = { source: contentOf(source), target: contentOf(target) };
  const done = edit.op === 'merge' ? mergeIncidents(pair) : moveAlert(pair, edit.alert, edit.relation);
  if (!done) return [];
  return [withContent(source, done.source, at), withContent(target, done.target, at)];
}

/** Does what was done to an incident, for the first time or again; the answer is the incidents as they are then. */
export function applyEdit(edit: Edit, place: EditPlace): readonly IncidentRecord[] {
  const { incidents } = place.workspace;
  const record = incidents.byNumber(edit.number);
  if (!record) {
    if (edit.op !== 'put') return [];
    const made = created(edit, place);
    incidents.add([made]);
    // Once more, so that what it says is what the client wrote.
    return applyEdit(edit, place);
  }
  if (edit.op === 'delete') {
    incidents.remove(record);
    return [];
  }
  const changed =
    edit.op === 'merge' || edit.op === 'move'
      ? editPair(edit, record, place)
      : [withContent(record, edited(contentOf(record), edit, place.at), place.at)];
  for (const own of changed) incidents.replace(own);
  return changed;
}
