import { expect, test } from '@jest/globals';
import { parseStartOptions, parseTestOptions, serviceNames } from './options.ts';

test('without options every service starts once, on any port, with the data kept', () => {
  expect(parseStartOptions([])).toEqual({
    isFresh: false,
    isHelp: false,
    scenarios: [],
    services: [...serviceNames],
  });
});

test('all options are understood together', () => {
  const args = ['--fresh', '--port', '9000', '--scenarios', 'a', '--scenarios=b', '--no-console-open'];
  expect(parseStartOptions([...args, '--only', 'notifier,gateway', '--replicas', 'notifier=2'])).toEqual({
    isFresh: true,
    isHelp: false,
    port: 9_000,
    scenarios: ['a', 'b'],
    services: ['gateway', 'notifier', 'notifier'],
  });
});

test.each([
  [['--port', 'http'], '--port takes a number from 1 to 65535, not "http".'],
  [['--port', '70000'], '--port takes a number from 1 to 65535, not "70000".'],
  [['--only', 'gatway'], 'There is no service "gatway"; there are: '],
  [['--replicas', 'notifier'], '--replicas takes notifier=1 to notifier=9, not "notifier".'],
  [['--replicas', 'notifier=0'], '--replicas takes notifier=1 to notifier=9, not "notifier=0".'],
  [['--replicas', 'gateway=2'], 'There is one gateway here'],
  [['--replicas', 'notifier=2', '--only', 'gateway'], '--replicas names notifier, which --only leaves out.'],
  [['--frsh'], "Unknown option '--frsh'. See `npm start -- --help`."],
  [['fresh'], "Unexpected argument 'fresh'"],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => parseStartOptions(args)).toThrow(sentence);
});

test('what is not ours goes to Jest', () => {
  expect(parseTestOptions(['packages/egress', '-t', 'name'])).toEqual({
    faults: false,
    filter: ['packages/egress', '-t', 'name'],
  });
  expect(parseTestOptions(['--faults', '--', 'kills'])).toEqual({ faults: true, filter: ['kills'] });
});
