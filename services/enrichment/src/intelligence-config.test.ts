import { expect, test } from '@jest/globals';
import { configuredProviders, IntelligenceConfig } from './intelligence-config.ts';

const on = (env: Record<string, string>) => configuredProviders(IntelligenceConfig.parse(env));
const names = (env: Record<string, string>) => on(env).map(({ provider }) => provider.name);

test('without a key or a switch nobody is asked', () => {
  expect(names({})).toEqual([]);
});

test('a key or a switch turns a provider on, and each has but what it needs', () => {
  expect(names({ VIRUSTOTAL_API_KEY: 'k', INTERNETDB_ENABLED: 'true', RDAP_ENABLED: '1' })).toEqual([
    'virustotal',
    'internetdb',
    'rdap',
  ]);
  expect(names({ VIRUSTOTAL_ENABLED: 'true', RDAP_API_KEY: 'k', INTERNETDB_ENABLED: 'false' })).toEqual([]);
});

test('a provider that is free and better with a key takes either', () => {
  expect(on({ GREYNOISE_ENABLED: 'true' })).toMatchObject([{ key: '' }]);
  expect(on({ GREYNOISE_API_KEY: 'k' })).toMatchObject([{ key: 'k' }]);
  expect(on({ GREYNOISE_API_KEY: 'k', GREYNOISE_ENABLED: 'false' })).toEqual([]);
});

test('MISP needs a key and an address', () => {
  expect(names({ MISP_API_KEY: 'k' })).toEqual([]);
  expect(on({ MISP_API_KEY: 'k', MISP_URL: 'https://misp.contoso.com' })).toMatchObject([
    { baseUrl: 'https://misp.contoso.com', limits: { perMinute: 0, perDay: 0 } },
  ]);
});

test('quotas are those of the free tier unless they are given, and 0 is none', () => {
  const limits = (env: Record<string, string>) => on({ VIRUSTOTAL_API_KEY: 'k', ...env })[0]?.limits;
  expect(limits({})).toMatchObject({ perMinute: 4, perDay: 500 });
  expect(limits({ VIRUSTOTAL_PER_MINUTE: '1000', VIRUSTOTAL_PER_DAY: '0' })).toMatchObject({
    perMinute: 1_000,
    perDay: 0,
  });
});

test('where the simulator stands in, it is said, and no quota holds', () => {
  const env = {
    VIRUSTOTAL_API_KEY: 'k',
    VIRUSTOTAL_URL: 'https://127.0.0.1:8443/ti/virustotal',
    INTELLIGENCE_SIMULATED: 'virustotal, abuseipdb',
  };
  expect(on(env)).toMatchObject([
    {
      baseUrl: 'https://127.0.0.1:8443/ti/virustotal',
      isSimulated: true,
      limits: { perMinute: 0, perDay: 0 },
    },
  ]);
});

test('a variable that is wrong is named', () => {
  const wrong = { OTX_URL: 'ftp://x', VIRUSTOTAL_PER_DAY: '-1', INTELLIGENCE_SIMULATED: 'nobody' };
  const paths = IntelligenceConfig.safeParse(wrong).error?.issues.map(({ path }) => path[0]);
  expect(paths).toEqual(['OTX_URL', 'VIRUSTOTAL_PER_DAY', 'INTELLIGENCE_SIMULATED']);
});
