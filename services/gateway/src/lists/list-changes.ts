import type { ListEntryCreate, ListName } from '@socmate/contracts';
import {
  type AuditState,
  appendAudit,
  createListEntries,
  type ListEntryRecord,
  type Pool,
  transaction,
} from '@socmate/database';
import { AppError, type Clock, type Ids, invalidField, notFound } from '@socmate/runtime';
import { type Acting, auditEntry } from '../audit-entry.ts';
import { listValue } from './list-value.ts';

export interface ListChangesDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** Each change and its entry in the audit log commit together. */
export interface ListChanges {
  add(list: ListName, input: ListEntryCreate, acting: Acting): Promise<ListEntryRecord>;
  remove(list: ListName, id: string, acting: Acting): Promise<void>;
}

function audited({ list, type, value, note, owner, ends_at }: ListEntryRecord): AuditState {
  return { list, type, value, note, owner, ends_at };
}

function endOf(given: string | null | undefined, now: Date): string | null {
  if (given === null || given === undefined) return null;
  if (Date.parse(given) <= now.getTime())
    throw invalidField(['body', 'ends_at'], 'lies in the past: name a later time, or none', 'past');
  return new Date(given).toISOString();
}

async function add(deps: ListChangesDeps, list: ListName, input: ListEntryCreate, acting: Acting) {
  const { pool, ids, clock } = deps;
  const { type, value, key } = listValue(input);
  const { note = null, owner = null } = input;
  const ends_at = endOf(input.ends_at, clock.now());
  const given = { id: ids.next('lst'), list, type, value, key, note, owner, ends_at };
  return transaction(pool, async (db) => {
    const entry = await createListEntries(db).add({ ...given, created_by: acting.principal.id });
    if (!entry)
      throw new AppError('conflict', `the list ${list} has ${value} already: remove that entry to change it`);
    const change = { action: 'list_entry.added', target: entry.id, after: audited(entry) };
    await appendAudit(db, auditEntry(ids, acting, change), clock.now());
    return entry;
  });
}

async function remove(
  { pool, ids, clock }: ListChangesDeps,
  list: ListName,
  id: string,
  acting: Acting,
): Promise<void> {
  await transaction(pool, async (db) => {
    const entry = await createListEntries(db).remove(list, id);
    if (!entry) throw notFound('list entry', id);
    const change = { action: 'list_entry.removed', target: id, before: audited(entry) };
    await appendAudit(db, auditEntry(ids, acting, change), clock.now());
  });
}

export const createListChanges = (deps: ListChangesDeps): ListChanges => ({
  add: (list, input, acting) => add(deps, list, input, acting),
  remove: (list, id, acting) => remove(deps, list, id, acting),
});
