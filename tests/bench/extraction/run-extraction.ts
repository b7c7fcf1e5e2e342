import { extractFromText } from '@socmate/entities';
import type { BenchOptions, BenchResult } from '../benchmark.ts';

const SIZES = { kb_10: 10_000, kb_100: 100_000, mb_1: 1_000_000 } as const;
const CHARACTERS = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const REPEATED = 20_000;
const TARGET_MS = 50;
const TARGET_FACTOR = 2;

const LINES = [
  '2026-07-01T12:00:01Z host=WS-042 user=CONTOSO\\jdoe src=45.155.205.20:443 dst=10.0.0.5 action=allow bytes=1432',
  '2026-07-01T12:00:02Z GET http://c2.evil-site.net/a/b.php?x=1 200 "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"',
  'Process C:\\Windows\\System32\\cmd.exe /c whoami started by jdoe, sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'The analyst wrote: seen hxxps[:]//evil-site[.]net and eve[at]evil-site[dot]net, compare CVE-2021-44228 and T1059.001.',
  'Nothing of note happened in version 1.2.3.4 of setup.exe, which the scheduler ran at 12:30:45 as it does every day.',
  'Registry HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run was set; mail from bob@contoso.com; fe80::1 answered.',
];

/** How long extraction takes for each character of mixed log text, and for texts of one character. */
export async function runExtraction({ isQuick, say }: BenchOptions): Promise<readonly BenchResult[]> {
  const rounds = isQuick ? 5 : 20;
  say(`extraction: ${rounds} rounds`);
  return [mixed(rounds), repeated()];
}

function mixed(rounds: number): BenchResult {
  // As hot as in a process that runs for days: less compiled code would count against what is measured first.
  for (let warm = 0; warm < rounds; warm++) extractFromText(mixedText(SIZES.mb_1, warm), 'bench');
  const perCharacter = Object.entries(SIZES).map(([name, length]) => {
    const times = Array.from({ length: length === SIZES.mb_1 ? rounds : rounds * 5 }, (_, seed) =>
      timed(mixedText(length, seed)),
    );
    return [`ns_per_character_${name}`, Math.round((median(times) * 1e6) / length)] as const;
  });
  const values = perCharacter.map(([, value]) => value);
  const factor = Math.max(...values) / Math.min(...values);
  return {
    scenario: 'mixed',
    settings: { rounds, lines: LINES.length },
    figures: { ...Object.fromEntries(perCharacter), factor: Math.round(factor * 100) / 100 },
    targets: [{ target: `factor <= ${TARGET_FACTOR}`, met: factor <= TARGET_FACTOR }],
  };
}

function repeated(): BenchResult {
  const slowest = CHARACTERS.map((character) => ({
    character,
    ms: timed(character.repeat(REPEATED)),
  })).reduce((a, b) => (b.ms > a.ms ? b : a));
  return {
    scenario: 'repeated',
    settings: { characters: REPEATED, of: CHARACTERS.length },
    figures: {
      slowest_ms: Math.round(slowest.ms * 100) / 100,
      slowest_character: JSON.stringify(slowest.character),
    },
    targets: [{ target: `slowest_ms <= ${TARGET_MS}`, met: slowest.ms <= TARGET_MS }],
  };
}

function mixedText(length: number, seed: number): string {
  const lines: string[] = [];
  for (let size = 0, index = seed; size < length; index++) {
    const line = `${LINES[index % LINES.length] ?? ''} #${index}`;
    lines.push(line);
    size += line.length + 1;
  }
  return lines.join('\n').slice(0, length);
}

function timed(text: string): number {
  const start = performance.now();
  extractFromText(text, 'bench');
  return performance.now() - start;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
