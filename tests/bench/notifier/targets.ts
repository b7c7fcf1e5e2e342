import type { Figures, Target } from '../benchmark.ts';

export const atLeast = (figures: Figures, name: string, least: number): Target => {
  const figure = figures[name];
  return { target: `${name} >= ${least}`, met: typeof figure === 'number' && figure >= least };
};

export const atMost = (figures: Figures, name: string, most: number): Target => {
  const figure = figures[name];
  return { target: `${name} <= ${most}`, met: typeof figure === 'number' && figure <= most };
};

/** What every run comes to in which nothing is killed. */
export const wholeTargets = (figures: Figures): Target[] => [
  { target: 'lost = 0', met: figures['lost'] === 0 },
  { target: 'repeated = 0', met: figures['repeated'] === 0 },
  atMost(figures, 'rss_mb_peak', 200),
];
