import { z } from 'zod';
import type { ControlDeps } from './control.ts';
import { parseBody } from './control-input.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { parseDuration } from './times.ts';

const MAX_OFFSET_MS = 366 * 86_400_000;

const ClockBody = z.strictObject({
  /** How far the simulator's now lies from the real one: `PT5H` ahead, `-PT5M` behind, `PT0S` neither. */
  offset: z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && Math.abs(ms) <= MAX_OFFSET_MS) return ms;
    const message = 'not an ISO duration of at most 366 days such as PT5H or -PT5M';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
});

const shown = ({ clock }: ControlDeps): Reply => ({
  status: 200,
  body: { now: clock.now().toISOString(), offset_s: clock.offsetMs / 1_000 },
});

/** Moves what the simulator takes for now: times, quotas and the end of tokens follow. */
export function clockRoutes(deps: ControlDeps): Route[] {
  const move = (call: Call): Reply => {
    deps.clock.move(parseBody(ClockBody, call).offset);
    return shown(deps);
  };
  const common = { path: '/clock', kind: 'control' };
  return [
    { ...common, method: 'GET', handle: () => shown(deps) },
    { ...common, method: 'POST', handle: move },
  ];
}
