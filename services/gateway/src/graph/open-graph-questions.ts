import { createGraph } from '@socmate/knowledge-graph';
import type { Base } from '../base.ts';
import { createGraphQuestions, type GraphQuestions, type GraphQuestionsDeps } from './graph-questions.ts';

export function openGraphQuestions(
  { life, config, pool }: Base,
  deps: Pick<GraphQuestionsDeps, 'incidents' | 'providers'>,
): GraphQuestions {
  const { NEO4J_URI: uri, NEO4J_USER: user, NEO4J_PASSWORD: password } = config;
  const graph =
    uri === undefined
      ? undefined
      : life.use('knowledge graph', createGraph({ uri, user, password }), (one) => one.close());
  return createGraphQuestions({ ...deps, pool, graph });
}
