import { expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';

function capture(level = 'info') {
  const lines: string[] = [];
  return { lines, log: createLogger('gateway', level, { write: (line) => lines.push(line) }) };
}

test('a line is JSON with the service, the level by name and the time', () => {
  const { lines, log } = capture();
  log.warn({ deliveryId: 'dlv_1' }, 'delivery is dead');
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    service: 'gateway',
    deliveryId: 'dlv_1',
    msg: 'delivery is dead',
  });
});

test('what is below the level is not written', () => {
  const { lines, log } = capture('warn');
  log.info('quiet');
  expect(lines).toEqual([]);
});

test('secrets are removed by name: on the line, in an object on it, and in headers', () => {
  const { lines, log } = capture();
  const secrets = {
    password: 'hunter2',
    secret: 'hunter2',
    token: 'hunter2',
    api_key: 'hunter2',
    apiKey: 'hunter2',
    client_secret: 'hunter2',
    client_certificate: 'hunter2',
    clientCertificate: 'hunter2',
    clientSecret: 'hunter2',
  };
  const headers = { authorization: 'Bearer hunter2', cookie: 'session=hunter2', host: 'x' };
  log.info({ ...secrets, config: { ...secrets, name: 'prod' }, headers, req: { headers } }, 'started');
  expect(lines[0]).not.toContain('hunter2');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    config: { name: 'prod' },
    headers: { host: 'x' },
    req: { headers: { host: 'x' } },
  });
});

test('a fault is logged with its causes and parts, and with nothing else that it carries', () => {
  const { lines, log } = capture();
  const carried = { config: { headers: { authorization: 'hunter2' } }, client: { connection: 'hunter2' } };
  const refused = Object.assign(new Error('refused', { cause: new Error('port closed') }), {
    ...carried,
    code: 'ECONNREFUSED',
  });
  log.error({ err: new AggregateError([refused], 'shutdown was not clean') }, 'stopped');
  expect(lines[0]).not.toContain('hunter2');
  const { err } = JSON.parse(lines[0]!);
  expect(err).toMatchObject({ type: 'AggregateError', message: 'shutdown was not clean' });
  expect(err.aggregateErrors[0]).toMatchObject({ message: 'refused: port closed', code: 'ECONNREFUSED' });
  expect(err.aggregateErrors[0].stack).toContain('caused by: Error: port closed');
});
