import type { BenchResult } from './benchmark.ts';

/** A short table for people. */
export const formatResults = (results: readonly BenchResult[]): string => results.map(formatOne).join('\n');

function formatOne({ scenario, figures, targets = [], notes = [] }: BenchResult): string {
  const names = Object.keys(figures);
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = Object.entries(figures).map(
    ([name, figure]) => `  ${name.padEnd(width)}  ${formatFigure(figure)}`,
  );
  const judged = targets.map(({ target, met }) => `  ${met ? '✓' : '✗'} ${target}`);
  return [`\n${scenario}`, ...lines, ...judged, ...notes.map((note) => `  note: ${note}`)].join('\n');
}

function formatFigure(figure: number | string | null): string {
  if (figure === null) return '–';
  return typeof figure === 'number' ? figure.toLocaleString('en-US', { maximumFractionDigits: 3 }) : figure;
}
