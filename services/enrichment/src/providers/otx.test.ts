import { otx } from './otx.ts';
import { testProvider } from './provider-harness.ts';

const pulse = (name: string) => ({
  id: '66a1f0c0d4b7e2a9c0d1e2f3',
  name,
  description: '',
  modified: '2026-11-14T10:00:00.000000',
  author: { username: 'AlienVault', id: '1' },
  tags: ['loader', 'c2'],
  malware_families: [{ id: 'BumbleBee', display_name: 'BumbleBee' }],
  TLP: 'white',
});
const general = (pulses: object[], more: object = {}) => ({
  indicator: '194.26.192.64',
  type: 'IPv4',
  sections: ['general', 'geo'],
  validation: [],
  base_indicator: {},
  reputation: 0,
  pulse_info: { count: pulses.length, references: [], pulses },
  ...more,
});

testProvider(otx, {
  known: [
    {
      of: ['ip', '194.26.192.64'],
      asks: {
        path: '/api/v1/indicators/IPv4/194.26.192.64/general',
        headers: { 'x-otx-api-key': 'the-key' },
      },
      body: general([pulse('BumbleBee returns'), pulse('Servers of April')]),
      judged: {
        verdict: 'suspicious',
        score: 60,
        summary: 'named in 2 pulses, such as "BumbleBee returns"',
        link: 'https://otx.alienvault.com/indicator/ip/194.26.192.64',
      },
    },
    {
      of: ['domain', 'cdn.telemetry-sync.com'],
      asks: { path: '/api/v1/indicators/hostname/cdn.telemetry-sync.com/general' },
      body: general([pulse('x')]),
      judged: { verdict: 'suspicious', score: 50 },
    },
    {
      of: ['domain', 'google.com'],
      asks: { path: '/api/v1/indicators/domain/google.com/general' },
      body: general([pulse('x')], { validation: [{ source: 'majestic', message: 'Whitelisted domain' }] }),
      judged: { verdict: 'benign', score: 0, summary: 'known as good (majestic)' },
    },
    {
      of: ['url', 'https://evil-place.com/a b/c'],
      asks: { path: '/api/v1/indicators/url/https%3A%2F%2Fevil-place.com%2Fa%20b%2Fc/general' },
      body: general([pulse('x')]),
      judged: { verdict: 'suspicious' },
    },
  ],
  unknown: { body: general([]) },
});
