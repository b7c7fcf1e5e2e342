import { expect, test } from '@jest/globals';
import { parseGivenParts } from './given-parts.ts';

test('an empty environment gives nothing, and an empty variable is none', () => {
  expect(parseGivenParts({ DATABASE_URL: '' })).toEqual({});
});

test('stores of the caller are used as they are', () => {
  const env = { DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://r', NEO4J_URI: 'bolt://n:7687' };
  expect(parseGivenParts(env)).toEqual({
    databaseUrl: 'postgres://db/x',
    redisUrl: 'redis://r',
    neo4j: { uri: 'bolt://n:7687', user: 'neo4j', password: '' },
  });
});

test('a real workspace announces no backlog, and has a name that a filter by provider can tell apart', () => {
  const env = {
    AZURE_TENANT_ID: 't',
    AZURE_CLIENT_ID: 'c',
    AZURE_CLIENT_SECRET: 's',
    AZURE_WORKSPACE_ID: 'w',
  };
  expect(parseGivenParts(env).workspace).toMatchObject({
    name: 'azure-sentinel',
    workspace_id: 'w',
    alert_backlog: false,
  });
});

test('half a workspace names what is missing', () => {
  expect(() => parseGivenParts({ AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' })).toThrow(
    'AZURE_CLIENT_SECRET, AZURE_WORKSPACE_ID must be set too.',
  );
});
