import { expect, test } from '@jest/globals';
import { createConsole } from './progress.ts';

function record() {
  const lines: string[] = [];
  let now = 0;
  const console = createConsole(
    (text) => lines.push(text.trimEnd()),
    () => now,
    false,
  );
  return { lines, console, pass: (ms: number) => (now += ms) };
}

test('a part shows what it does, how far it is, and how long it took', () => {
  const { lines, console, pass } = record();
  const neo4j = console.part('neo4j');
  neo4j.update('57 of 213 jars');
  pass(2_500);
  neo4j.update('90 of 213 jars');
  neo4j.done('ready');
  expect(lines).toEqual([
    '· neo4j      57 of 213 jars',
    '· neo4j      90 of 213 jars',
    '✓ neo4j      ready (2.5 s)',
  ]);
});

test('news that come too fast or say nothing new are left out', () => {
  const { lines, console, pass } = record();
  const part = console.part('redis');
  part.update('1');
  part.update('2');
  pass(3_000);
  part.update('1');
  expect(lines).toEqual(['· redis      1']);
});
