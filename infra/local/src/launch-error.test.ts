import { expect, test } from '@jest/globals';
import { explain, LaunchError } from './launch-error.ts';

const systemFault = (code: string, path?: string) => Object.assign(new Error(code), { code, path });

test.each([
  [systemFault('ENOSPC', '/x/data'), 'The disk is full (/x/data): free some space and start again.'],
  [
    systemFault('EACCES', '/x'),
    'This user may not write here (/x): use a folder of your own, or change its owner.',
  ],
  [systemFault('EMFILE'), 'Too many files are open: raise the limit (`ulimit -n 4096`) and start again.'],
  [new LaunchError('Port 80 is taken.'), 'Port 80 is taken.'],
])('%s is one sentence', (fault, sentence) => {
  expect(explain(fault)).toBe(sentence);
});

test('a bug keeps its stack', () => {
  expect(explain(new TypeError('x is not a function'))).toContain('launch-error.test');
});
