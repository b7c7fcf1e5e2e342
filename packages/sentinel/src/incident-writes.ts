import { AppError } from '@socmate/runtime';
import { z } from 'zod';
import { attempting, readAnswer } from './attempting.ts';
import { type Attempted, azureFault } from './azure-faults.ts';
import {
  callResource,
  isGone,
  type ResourceCall,
  type ResourceContext,
  writeFault,
} from './incident-resource.ts';
import { parseIncident, type SentinelIncident } from './sentinel-incident.ts';

export interface IncidentReplacement {
  /** Of the incident as it was read. */
  readonly etag: string;
  /** The whole of `properties`: what it leaves out is gone afterwards. */
  readonly properties: Record<string, unknown>;
}

/** One incident by its name, its comments, and what may be written to them; a write is never repeated by itself. */
export interface IncidentWrites {
  /** Undefined where Azure has no such incident. */
  incident(incidentName: string, signal: AbortSignal): Promise<SentinelIncident | undefined>;
  /** A `conflict` where the incident changed since its etag; one incident write. */
  replaceIncident(
    incidentName: string,
    replacement: IncidentReplacement,
    signal: AbortSignal,
  ): Promise<SentinelIncident>;
  /** Undefined where there is no such comment. */
  comment(
    incidentName: string,
    commentName: string,
    signal: AbortSignal,
  ): Promise<{ readonly message: string } | undefined>;
  /** Under a name of the caller's (a GUID), so that a second call changes nothing; one incident write. */
  putComment(incidentName: string, commentName: string, message: string, signal: AbortSignal): Promise<void>;
}

const Comment = z.object({ properties: z.object({ message: z.string() }) });

async function get<T>(
  context: ResourceContext,
  wanted: { readonly doing: string; readonly path: readonly string[]; readonly parse: (body: unknown) => T },
  signal: AbortSignal,
): Promise<T | undefined> {
  const attempted = attempting(context.workspace, wanted.doing);
  const answered = await callResource(context, { method: 'GET', path: wanted.path }, signal).catch(
    (fault: unknown) => {
      if (isGone(fault)) return undefined;
      throw signal.aborted ? fault : azureFault(attempted, fault);
    },
  );
  return answered === undefined ? undefined : readAnswer(attempted, answered, wanted.parse);
}

async function put(
  context: ResourceContext,
  { attempted, ...call }: Omit<ResourceCall, 'method'> & { readonly attempted: Attempted },
  signal: AbortSignal,
): Promise<string> {
  try {
    return await callResource(context, { method: 'PUT', ...call }, signal);
  } catch (fault) {
    if (signal.aborted) throw fault;
    if (!isGone(fault)) throw writeFault(attempted, fault);
    const message = `Azure has no incident ${call.path[0]} in workspace ${context.workspace.workspaceName}`;
    throw new AppError('not_found', message, { cause: fault });
  }
}

export function createIncidentWrites(context: ResourceContext): IncidentWrites {
  const writing = (doing: string): Attempted => attempting(context.workspace, doing, 'comment_write');
  return {
    incident: (name, signal) =>
      get(context, { doing: `reading incident ${name}`, path: [name], parse: parseIncident }, signal),
    replaceIncident: async (name, { etag, properties }, signal) => {
      const attempted = writing(`changing incident ${name}`);
      const answer = await put(context, { attempted, path: [name], body: { etag, properties } }, signal);
      return readAnswer(attempted, answer, parseIncident);
    },
    comment: async (incidentName, commentName, signal) => {
      const path = [incidentName, 'comments', commentName];
      const doing = `reading a comment of incident ${incidentName}`;
      return (await get(context, { doing, path, parse: (body) => Comment.parse(body) }, signal))?.properties;
    },
    putComment: async (incidentName, commentName, message, signal) => {
      const path = [incidentName, 'comments', commentName];
      const attempted = writing(`commenting on incident ${incidentName}`);
      await put(context, { attempted, path, body: { properties: { message } } }, signal);
    },
  };
}
