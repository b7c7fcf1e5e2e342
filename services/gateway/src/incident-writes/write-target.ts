import { createIncidentWrites, type IncidentRef, type Queryable, type WriteTarget } from '@socmate/database';
import { AppError, notFound } from '@socmate/runtime';

/** The incident that a write goes to; throws where there is none, or none any more. */
export async function writeTarget(db: Queryable, ref: IncidentRef): Promise<WriteTarget> {
  const target = await createIncidentWrites(db).target(ref);
  if (!target) throw notFound('incident', ref.number);
  const { provider, number } = target;
  if (!target.isConnected)
    throw new AppError('conflict', `workspace ${provider} is not connected any more: connect it again first`);
  if (!target.isEnabled) throw new AppError('conflict', `workspace ${provider} is disabled: enable it first`);
  if (target.isDeleted) throw new AppError('conflict', `incident ${number} was deleted in Sentinel`);
  return target;
}
