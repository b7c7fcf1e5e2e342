import { expect, test } from '@jest/globals';
import { parseEnv } from '@socmate/runtime';
import { Config } from './config.ts';
import { DEFAULT_RETRY_SCHEDULE_S } from './retry-schedule.ts';

const given = {
  DATABASE_URL: 'postgres://127.0.0.1/socmate',
  REDIS_URL: 'redis://127.0.0.1:6379',
  MASTER_KEYS: 'k1:key',
};

test('what is needed is enough: everything else has its default', () => {
  expect(parseEnv(Config, given)).toMatchObject({
    WEBHOOK_RETRY_SCHEDULE: [...DEFAULT_RETRY_SCHEDULE_S],
    WEBHOOK_ALLOW_HTTP: false,
  });
});

test('a bad egress proxy is a fault of its variable, without the password in it', () => {
  const bad = { ...given, WEBHOOK_EGRESS_PROXY: 'ftp://user:s3cret@proxy' };
  expect(() => parseEnv(Config, bad)).toThrow(/^(?![^]*s3cret)[^]*WEBHOOK_EGRESS_PROXY/);
});

test('a bad retry schedule is a fault of its variable, listed beside the others', () => {
  expect(() => parseEnv(Config, { ...given, MASTER_KEYS: '', WEBHOOK_RETRY_SCHEDULE: '5s,soon' })).toThrow(
    /MASTER_KEYS[^]*retry step "soon"[^]*WEBHOOK_RETRY_SCHEDULE/,
  );
});
