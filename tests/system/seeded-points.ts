import { seededRandom } from './seeded-random.ts';

/** Three points of each kind, or, for a full run, enough of them to be believed. */
export const POINTS = process.env['FAULT_POINTS'] === 'full' ? 50 : 3;
const SEED = Number(process.env['FAULT_SEED'] ?? 20_261_123);

export interface Point {
  readonly point: number;
  /** A share of the work, at which the fault comes. */
  readonly share: number;
  /** For what else is left to chance. */
  readonly random: () => number;
}

/** The points of one kind of fault, the same in every run with the same seed. */
export const seededPoints = (kind: number, count = POINTS): Point[] =>
  Array.from({ length: count }, (_, point) => {
    const random = seededRandom(SEED + 1_000 * kind + point);
    // The first number of neighbouring seeds is chance enough, and the share stays two digits long in a test's name.
    return { point, share: Math.round(5 + 85 * random()) / 100, random };
  });
