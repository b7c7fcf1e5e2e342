import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Operation, openJournal } from './journal.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (number: number, workspace = 'prod-sentinel'): Operation => ({
  op: 'run',
  at: '2024-05-01T00:00:00.000Z',
  workspace,
  scenario: 'password-spray',
  number,
});

test('what was appended is there when it is opened again', () => {
  const journal = openJournal(file);
  journal.append(run(1));
  journal.append(run(2));
  expect(openJournal(file).operations).toEqual([run(1), run(2)]);
});

test('a last line that was half written never happened, and the next one follows the good ones', () => {
  openJournal(file).append(run(1));
  appendFileSync(file, '{"op":"run","at":"2024-05');
  const journal = openJournal(file);
  journal.append(run(2));
  expect(openJournal(file).operations).toEqual([run(1), run(2)]);
});

test('a line that is no operation stops the opening, with its file and line', () => {
  openJournal(file).append(run(1));
  appendFileSync(file, '{"op":"unheard of"}\n');
  expect(() => openJournal(file)).toThrow(`${file}, line 2`);
});

test('a rewrite keeps what is wanted and adds the rest after it', () => {
  const journal = openJournal(file);
  for (const operation of [run(1), run(1, 'other'), run(2)]) journal.append(operation);
  journal.rewrite(({ workspace }) => workspace === 'other', [run(3)]);
  journal.append(run(4));
  expect(openJournal(file).operations).toEqual([run(1, 'other'), run(3), run(4)]);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4);
});
