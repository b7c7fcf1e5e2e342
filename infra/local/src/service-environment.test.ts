import { expect, test } from '@jest/globals';
import { serviceEnvironment } from './service-environment.ts';

const parts = {
  databaseUrl: 'postgres://ours',
  redisUrl: 'redis://ours',
  simulator: {
    url: 'https://azure',
    caFile: '/ca.pem',
    intelligence: [
      { provider: 'virustotal', url: 'https://azure/ti/virustotal', api_key: 'k' },
      { provider: 'rdap', url: 'https://azure/ti/rdap', api_key: null },
    ],
  },
  masterKeys: 'local:key',
  adminApiKey: 'sk_live_x_y',
  publicUrl: 'http://127.0.0.1:8080',
};

test('local runs allow webhooks to this machine', () => {
  expect(serviceEnvironment(parts, {})).toMatchObject({
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8,::1/128',
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOW_HTTP: 'true',
    PUBLIC_URL: 'http://127.0.0.1:8080',
  });
});

test('the caller may change settings, not where the parts are', () => {
  const given = { LOG_LEVEL: 'debug', DATABASE_URL: 'postgres://old', PUBLIC_URL: 'https://x', OTEL_X: '1' };
  expect(serviceEnvironment(parts, given)).toMatchObject({
    LOG_LEVEL: 'debug',
    PUBLIC_URL: 'https://x',
    OTEL_X: '1',
    DATABASE_URL: 'postgres://ours',
  });
});

test('Azure is the simulator where there is one, and real where there is none', () => {
  expect(serviceEnvironment(parts, {})).toMatchObject({
    AZURE_AUTHORITY_HOST: 'https://azure',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  });
  const { simulator: _, ...real } = parts;
  expect(serviceEnvironment(real, {})).not.toHaveProperty('AZURE_AUTHORITY_HOST');
});

test('where Neo4j cannot be had, services are told of none', () => {
  const neo4j = { uri: 'bolt://127.0.0.1:17687', user: 'neo4j', password: 'p' };
  expect(serviceEnvironment({ ...parts, neo4j }, {})).toHaveProperty('NEO4J_URI', neo4j.uri);
  expect(serviceEnvironment(parts, {})).not.toHaveProperty('NEO4J_URI');
});

test('intelligence comes from the simulator, but for the providers that the caller set up', () => {
  expect(serviceEnvironment(parts, {})).toMatchObject({
    VIRUSTOTAL_URL: 'https://azure/ti/virustotal',
    VIRUSTOTAL_API_KEY: 'k',
    RDAP_URL: 'https://azure/ti/rdap',
    RDAP_ENABLED: 'true',
    INTELLIGENCE_SIMULATED: 'virustotal,rdap',
  });
  const own = serviceEnvironment(parts, { VIRUSTOTAL_API_KEY: 'mine', RDAP_ENABLED: '' });
  expect(own).toMatchObject({
    VIRUSTOTAL_API_KEY: 'mine',
    RDAP_URL: 'https://azure/ti/rdap',
    RDAP_ENABLED: 'true',
    INTELLIGENCE_SIMULATED: 'rdap',
  });
  expect(own).not.toHaveProperty('VIRUSTOTAL_URL');
});
