import { expect, test } from '@jest/globals';
import { RunFile } from './run-file.ts';
import { describeRun, formatEnvFile, welcome } from './welcome.ts';

const part = (name: string, pid: number) => ({ name, pid }) as never;
const service = (name: string, pid: number) =>
  ({ name, pid, url: 'http://127.0.0.1:1', healthUrl: 'http://127.0.0.1:1/health/ready' }) as never;

const system = {
  gatewayUrl: 'http://127.0.0.1:8080',
  services: [service('gateway', 1), service('notifier', 2), service('notifier-2', 3)],
  env: {},
  postgres: { at: 'postgres://x/y', part: part('postgres', 4) },
  redis: { at: 'redis://given' },
  neo4j: undefined,
  simulator: undefined,
};

test('what runs is described as tools expect it', () => {
  const run = describeRun(system, 'sk_live_a_b');
  expect(RunFile.parse(run)).toEqual(run);
  expect(run).toEqual({
    gateway_url: 'http://127.0.0.1:8080',
    console_url: null,
    admin_api_key: 'sk_live_a_b',
    simulator_url: null,
    simulator_control_url: null,
    postgres_url: 'postgres://x/y',
    redis_url: 'redis://given',
    neo4j: null,
    ca_file: null,
    services: [
      { name: 'gateway', pid: 1, health_url: 'http://127.0.0.1:1/health/ready' },
      { name: 'notifier', pid: 2, health_url: 'http://127.0.0.1:1/health/ready' },
      { name: 'notifier-2', pid: 3, health_url: 'http://127.0.0.1:1/health/ready' },
    ],
    stores: [{ name: 'postgres', pid: 4 }],
    workspaces: [],
  });
});

test('a person is told the key, what is missing and what a local run allows', () => {
  const text = welcome(describeRun(system, 'sk_live_a_b'), 9.87, {});
  for (const told of ['sk_live_a_b', 'missing: its endpoints answer 503', 'production refuses', '9.9 s'])
    expect(text).toContain(told);
});

test('a person who set what webhooks may reach is told so', () => {
  const text = welcome(describeRun(system, 'sk_live_a_b'), 1, { WEBHOOK_ALLOW_HTTP: 'false' });
  expect(text).toContain('as WEBHOOK_ALLOW_HTTP say');
  expect(text).not.toContain('webhooks to this machine');
});

test('the file for a debugger holds what the launcher added', () => {
  expect(formatEnvFile({ HOME: '/root', LOG_LEVEL: 'info' }, { HOME: '/root' })).toBe('LOG_LEVEL="info"\n');
});
