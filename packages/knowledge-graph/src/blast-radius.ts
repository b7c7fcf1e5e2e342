import type { GraphView } from './expand.ts';
import type { Graph } from './graph.ts';
import type { GraphRelationship } from './labels.ts';
import { type Neighbourhood, neighbourhood } from './neighbourhood.ts';

/** What a host or an account reaches, as it was seen: where it signed in, what ran there, whom it talked to. */
const REACHING: readonly GraphRelationship[] = [
  'SIGNED_IN_FROM',
  'CONNECTED_TO',
  'RAN_ON',
  'DOWNLOADED_FROM',
  'COMMUNICATED_WITH',
  'ASSOCIATED_WITH',
  'CHILD_OF',
];

const DEPTH = 2;

/** What may be affected where a host or an account has fallen. */
export const blastRadius = (
  graph: Graph,
  key: string,
  view: Pick<GraphView, 'providerIds'>,
  limit: number,
): Promise<Neighbourhood | undefined> =>
  neighbourhood(graph, { entity: key }, { ...view, relations: REACHING }, { depth: DEPTH, limit });
