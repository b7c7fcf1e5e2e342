import { setTimeout as delay } from 'node:timers/promises';
import { explain } from './launch-error.ts';
import type { Part } from './part.ts';
import { whenAborted } from './stop-signals.ts';

const RESTART_AFTER_MS = 500;

export interface SuperviseOptions {
  readonly stopped: AbortSignal;
  readonly say: (text: string) => void;
  readonly onRestart: () => void;
}

/** Starts a part again whenever it ends, until stopping is wanted. */
export async function supervise(part: Part, { stopped, say, onRestart }: SuperviseOptions): Promise<void> {
  for (;;) {
    const how = await Promise.race([part.exited, whenAborted(stopped).then(() => undefined)]);
    if (how === undefined || stopped.aborted) return;
    say(`${part.name} ended (${how}): starting it again`);
    await delay(RESTART_AFTER_MS, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) return;
    try {
      await part.restart();
      onRestart();
      say(`${part.name} is back`);
    } catch (fault) {
      say(explain(fault));
    }
  }
}
