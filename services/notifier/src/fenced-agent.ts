import type { Ownership } from '@socmate/database';
import type { Dispatcher } from 'undici';

/**
 * Asks once more, in the turn in which a request's first byte is written, whether this process may send: a request may
 * have waited for its connection, and the process may have been stopped meanwhile.
 */
export function fencedAgent(agent: Dispatcher, ownership: Pick<Ownership, 'isAlive'>): Dispatcher {
  return agent.compose((dispatch) => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context): void => {
      if (ownership.isAlive()) start?.(controller, context);
      else controller.abort(new DOMException('this process may have been declared dead', 'AbortError'));
    };
    return dispatch(options, handler);
  });
}
