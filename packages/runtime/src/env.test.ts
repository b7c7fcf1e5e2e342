import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { CommonConfig, envFlag, envList, parseEnv } from './env.ts';

const given = { DATABASE_URL: 'postgres://127.0.0.1/socmate', REDIS_URL: 'redis://127.0.0.1:6379' };

const faultOf = (schema: z.ZodObject, env: NodeJS.ProcessEnv): string => {
  try {
    parseEnv(schema, env);
  } catch (fault) {
    return (fault as Error).message;
  }
  throw new Error('the environment was accepted');
};

test('a bad environment is refused with every fault named by its variable', () => {
  const message = faultOf(CommonConfig, {
    LOG_LEVEL: 'loud',
    REDIS_URL: 'not a url',
    DATABASE_POOL_SIZE: 'many',
    HEALTH_PORT: '70000',
    SHUTDOWN_GRACE_MS: '-1',
  });
  for (const name of [
    'LOG_LEVEL',
    'DATABASE_URL',
    'REDIS_URL',
    'DATABASE_POOL_SIZE',
    'HEALTH_PORT',
    'SHUTDOWN_GRACE_MS',
  ]) {
    expect(message).toContain(name);
  }
  expect(message).not.toContain('QUEUE_PREFIX');
});

test('no value of a bad environment is shown: it may be a secret', () => {
  const Config = z.object({
    DATABASE_URL: z.url(),
    PASSWORD: z.string().min(40),
    KEY: z.string().regex(/^id:/),
    LEVEL: z.enum(['a', 'b']),
    FLAG: envFlag,
    SIZE: z.coerce.number(),
  });
  const names = Object.keys(Config.shape);
  const message = faultOf(Config, Object.fromEntries(names.map((name) => [name, 'hunter2'])));
  for (const name of names) expect(message).toContain(name);
  expect(message).not.toContain('hunter2');
});

test('an empty variable is one that is not set: the default holds, and what is needed is missing', () => {
  expect(parseEnv(CommonConfig, { ...given, LOG_LEVEL: '', HEALTH_PORT: '' })).toMatchObject({
    LOG_LEVEL: 'info',
    HEALTH_PORT: 0,
  });
  expect(faultOf(CommonConfig, { ...given, DATABASE_URL: '' })).toContain('DATABASE_URL');
});

test('what the service does not read is left out', () => {
  expect(parseEnv(z.object({ A: z.string() }), { A: 'x', PATH: '/bin' })).toEqual({ A: 'x' });
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])('a flag of %s is %s', (text, flag) => {
  expect(envFlag.parse(text)).toBe(flag);
});

test.each(['yes', 'TRUE', ' true', '2'])('a flag of "%s" is refused and not taken for false', (text) => {
  expect(envFlag.safeParse(text).success).toBe(false);
});

test('a list is split at commas, trimmed, and its blanks are dropped', () => {
  expect(envList.parse(' a, b ,,c, ')).toEqual(['a', 'b', 'c']);
  expect(envList.parse(' , ')).toEqual([]);
});
