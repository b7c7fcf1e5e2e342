/** Seconds to wait after the first, second, … failure: 12 attempts over about 76 hours. */
export const DEFAULT_RETRY_SCHEDULE_S: readonly number[] = [
  5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

const MAX_DELAY_S = 86_400;
const MAX_STEPS = 20;
const JITTER = 0.2;
// `Date.parse` alone finds a date in almost any text.
const HTTP_DATE = /^[A-Z][a-z]{2,8}, .+ GMT$/;
const UNIT_S = { s: 1, m: 60, h: 3_600 } as const;

function parseStep(step: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(step.trim()) ?? [];
  const seconds = Number(digits) * UNIT_S[(unit ?? 's') as keyof typeof UNIT_S];
  if (digits === undefined || seconds <= 0 || seconds > MAX_DELAY_S) {
    throw new Error(`retry step "${step.trim()}" is not a duration of up to 24 h, such as 5, 5s, 2m or 1h`);
  }
  return seconds;
}

/** `5s,30s,2m` → seconds; throws naming the step that is wrong. */
export function parseRetrySchedule(text: string): number[] {
  const steps = text.split(',').map(parseStep);
  if (steps.length > MAX_STEPS)
    throw new Error(`a retry schedule has at most ${MAX_STEPS} steps, not ${steps.length}`);
  return steps;
}

/** The `Retry-After` header as milliseconds from now; undefined where it is missing, past or malformed. */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  const value = header?.trim();
  if (!value) return undefined;
  const date = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : date - now.getTime();
  return delayMs > 0 ? Math.min(delayMs, MAX_DELAY_S * 1_000) : undefined;
}

/**
 * How long to wait after failure number `failures` (from 1), or undefined after the last step.
 * Jitter lengthens by up to 20 %, so that what failed together does not come back together.
 */
export function retryDelayMs(
  scheduleS: readonly number[],
  failures: number,
  random: () => number,
): number | undefined {
  const stepS = scheduleS[failures - 1];
  return stepS === undefined ? undefined : Math.round(stepS * 1_000 * (1 + JITTER * random()));
}
