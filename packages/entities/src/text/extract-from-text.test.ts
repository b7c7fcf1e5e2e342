import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { extractFromText, findMentions } from './extract-from-text.ts';

interface Case {
  readonly idea: string;
  readonly text: string;
  readonly found: readonly string[];
}

const fixture = join(import.meta.dirname, '../../fixtures/extraction-cases.json');
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as Case[];

test('the corpus has at least 150 cases', () => {
  expect(cases.length).toBeGreaterThanOrEqual(150);
});

test.each([...new Set(cases.map(({ idea }) => idea))])(
  '%s: all is found that is there, and nothing else',
  (idea) => {
    const wanted = cases.filter((each) => each.idea === idea).map(({ text, found }) => ({ text, found }));
    const got = wanted.map(({ text }) => ({
      text,
      found: findMentions(text)
        .map(({ kind, value }) => `${kind}:${value}`)
        .sort(),
    }));
    expect(got).toEqual(wanted);
  },
);

test('a mention says where it stands in the text as it was given', () => {
  const text = 'from 45[.]155[.]205[.]20 to hxxps[:]//evil-site[.]net/a, then C:\\Temp\\x.exe';
  const shown = findMentions(text)
    .filter(({ isPart }) => !isPart)
    .map(({ start, end }) => text.slice(start, end));
  expect(shown).toEqual(['45[.]155[.]205[.]20', 'hxxps[:]//evil-site[.]net/a', 'C:\\Temp\\x.exe']);
});

test('what is found becomes entities, and a URL is related to its host', () => {
  const { entities, relations, techniques } = extractFromText(
    'hxxps://evil-site[.]net/a from 10.0.0.5, technique T1086, mail EVE@evil-site.net',
    'prod',
  );
  expect(entities.map(({ key, source }) => `${source} ${key}`)).toEqual([
    'text domain:evil-site.net',
    'text email:eve@evil-site.net',
    'text ip:10.0.0.5@prod',
    'text url:https://evil-site.net/a',
  ]);
  expect(relations).toEqual([
    { from: 'url:https://evil-site.net/a', to: 'domain:evil-site.net', kind: 'PART_OF' },
  ]);
  expect(techniques).toEqual(['T1059.001']);
});

const CHARACTERS = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  'é',
  '。',
  '．',
  'ﬀ',
  '\u200b',
  '😀',
  'а',
  '中',
  '“',
  '\ud800',
];

test('20,000 of any one character are read, and there is nothing in them', () => {
  const found = CHARACTERS.flatMap((character) => findMentions(character.repeat(20_000)));
  expect(found).toEqual([]);
});

const bestOf = (text: string, rounds = 3): number => {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    extractFromText(text, 'prod');
    return performance.now() - start;
  });
  return Math.min(...times);
};

// A quadratic reader takes a hundred times as long for ten times the text; a slow machine takes both times longer.
const PIECES = [
  'a.',
  'a@',
  '1.1.1.1/',
  '://',
  'http://a.com,',
  '\\',
  'a\\',
  '/etc/',
  'C:\\a ',
  '[.]',
  'T1059://',
  '=a.com://:',
  '://CVE-2021-',
  'http://a.com:80:80/b',
  '(dot)',
  'a:',
  '::',
  'HKLM\\a ',
  'CORP\\u ',
  '"C:\\a ',
  'a.com/(',
  '\\.',
  'host: ',
  '   .',
  'hxxp:\\\\a',
  'S-1-5-',
  '3:aaa:',
  '.com',
  'h__p',
  ' [.] ',
];

test.each(PIECES)('ten times as much of %j takes about ten times as long', (piece) => {
  const short = bestOf(piece.repeat(Math.ceil(4_000 / piece.length)));
  const long = bestOf(piece.repeat(Math.ceil(40_000 / piece.length)));
  expect(long).toBeLessThan(Math.max(short, 2) * 50);
});

test('a megabyte of mixed log lines takes about ten times as long as a tenth of it', () => {
  const line = cases
    .map(({ text }) => text)
    .join(' ; ')
    .concat('\n');
  const sized = (length: number) => line.repeat(Math.ceil(length / line.length)).slice(0, length);
  const short = bestOf(sized(100_000));
  expect(bestOf(sized(1_000_000), 2)).toBeLessThan(short * 40);
});
