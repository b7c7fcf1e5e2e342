import { expect, test } from '@jest/globals';
import { parseBenchArguments } from './parse-bench-arguments.ts';

const NOTHING = { scenarios: [], isQuick: false, flags: {} };

test('nothing is asked for unless it is said', () => {
  expect(parseBenchArguments([])).toEqual(NOTHING);
});

test('a value follows its flag after a space or an equals sign', () => {
  const asked = { ...NOTHING, isQuick: true, scenarios: ['a', 'b'], json: 'out.json', flags: { rate: '50' } };
  expect(parseBenchArguments(['--quick', '--scenario', 'a,b', '--json=out.json', '--rate', '50'])).toEqual(
    asked,
  );
});

test('a flag before another flag, or at the end, is true', () => {
  expect(parseBenchArguments(['--loud', '--rate', '50', '--warm'])).toEqual({
    ...NOTHING,
    flags: { loud: 'true', rate: '50', warm: 'true' },
  });
});

test.each([[['sync']], [['--rate', '50', '60']], [['--Rate']]])(
  '%j is refused by the word that is no flag',
  (args) => {
    expect(() => parseBenchArguments(args)).toThrow(`"${args.at(-1)}" is no --flag`);
  },
);
