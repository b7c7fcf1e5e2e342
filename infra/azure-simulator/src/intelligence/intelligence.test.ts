import { expect, test } from '@jest/globals';
import { createKnownIntelligence, Intelligence } from './intelligence.ts';

const AT = new Date('2026-04-11T08:30:00Z');
const parse = (given: unknown) => Intelligence.safeParse(given);
const refusals = (given: unknown): string[] =>
  (parse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('/')}: ${message}`);

test('a scenario may give as little as one field of an answer', () => {
  expect(refusals({ '45.155.205.20': { abuseipdb: { abuseConfidenceScore: 98 } } })).toEqual([]);
});

test.each<[unknown, RegExp]>([
  [{ 'megan.bowen@contoso.com': { misp: { response: { Attribute: [] } } } }, /^megan.*: neither an address/],
  [{ '45.155.205.20': { shodan: {} } }, /^45\.155\.205\.20\/shodan: no such provider, only virustotal, /],
  [{ 'contoso.com': { abuseipdb: {} } }, /abuseipdb: abuseipdb knows nothing of a domain$/],
  [{ '45.155.205.20': { abuseipdb: { abuseConfidenceScore: 101 } } }, /abuseipdb\/abuseConfidenceScore: /],
  [
    { '45.155.205.20': { virustotal: { last_analysis_stats: { malicous: 1 } } } },
    /last_analysis_stats: .*malicous/,
  ],
  [{ '45.155.205.20': { greynoise: { classification: 'bad' } } }, /greynoise\/classification: /],
  [{ '45.155.205.20': { threatfox: [] } }, /^45\.155\.205\.20\/threatfox: /],
  [{ '45.155.205.20': { misp: { Attribute: [] } } }, /misp\/response: /],
  [{ 'contoso.com': { urlscan: {} } }, /urlscan\/results: /],
])('%j is refused at its field', (given, message) => {
  expect(refusals(given)).toEqual([expect.stringMatching(message)]);
});

test('times that are durations are written as each provider writes them', () => {
  const given = Intelligence.parse({
    'docs-share-center.com': {
      virustotal: { creation_date: '-P6D', names: ['P. Example'] },
      rdap: { events: [{ eventAction: 'registration', eventDate: '-P6D' }] },
      threatfox: { data: [{ first_seen: '-PT30M', last_seen: '2026-01-01 00:00:00 UTC' }] },
    },
  });
  const known = createKnownIntelligence([given], AT);
  const seconds = Date.parse('2026-04-05T08:30:00Z') / 1_000;
  expect(known.answerOf('virustotal', 'docs-share-center.com')).toEqual({
    creation_date: seconds,
    names: ['P. Example'],
  });
  expect(known.answerOf('rdap', 'docs-share-center.com')).toEqual({
    events: [{ eventAction: 'registration', eventDate: '2026-04-05T08:30:00Z' }],
  });
  expect(known.answerOf('threatfox', 'docs-share-center.com')).toEqual({
    data: [{ first_seen: '2026-04-11 08:00:00 UTC', last_seen: '2026-01-01 00:00:00 UTC' }],
  });
});

test('an indicator is found however a scenario wrote it, and the last scenario is believed', () => {
  const first = Intelligence.parse({ 'EVIL.example.net': { otx: { reputation: 1 }, rdap: {} } });
  const second = Intelligence.parse({ 'evil.example.net.': { otx: { reputation: 2 } } });
  const known = createKnownIntelligence([first, second], AT);
  expect(known.answerOf('otx', 'evil.example.net')).toEqual({ reputation: 2 });
  expect(known.answerOf('rdap', 'evil.example.net')).toEqual({});
  expect(known.answerOf('misp', 'evil.example.net')).toBeUndefined();
});
