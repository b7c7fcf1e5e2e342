import { expect, test } from '@jest/globals';
import { databaseAway } from './database-fault.ts';

const fault = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

test.each([
  ['a refused connection', fault('connect', { code: 'ECONNREFUSED', syscall: 'connect' })],
  ['a reset connection', fault('read', { code: 'ECONNRESET', syscall: 'read' })],
  ['a server that shuts down', fault('terminating connection', { code: '57P01' })],
  ['a server that starts', fault('the database system is starting up', { code: '57P03' })],
  ['a full server', fault('sorry, too many clients already', { code: '53300' })],
  ['a deadlock that was ended', fault('deadlock detected', { code: '40P01' })],
  ['a connection that ended', fault('Connection terminated unexpectedly')],
  [
    'a connection that the server ended',
    fault('This socket has been ended by the other party', { code: 'EPIPE' }),
  ],
  ['a client that was given up', fault('Client was closed and is not queryable')],
  ['a full pool', fault('timeout exceeded when trying to connect')],
  ['a fault of Prisma', fault('x', { name: 'PrismaClientKnownRequestError', code: 'P1001' })],
  ['a fault wrapped in another', new Error('query failed', { cause: fault('x', { code: '08006' }) })],
  [
    'every address refused',
    new AggregateError([fault('x', { code: 'ECONNREFUSED', syscall: 'connect' })], 'all failed'),
  ],
])('%s is a 503', (_what, given) => {
  expect(databaseAway(given)).toMatchObject({ code: 'unavailable', retryAfterS: 5 });
});

test.each([
  ['a unique violation', fault('duplicate key', { code: '23505' })],
  ['a bug', new TypeError('x is not a function')],
  ['a missing file', fault('ENOENT', { code: 'ENOENT', syscall: 'open' })],
  ['what is no error', 'connect ECONNREFUSED'],
])('%s is not', (_what, given) => {
  expect(databaseAway(given)).toBeUndefined();
});
