import { misp } from './misp.ts';
import { testProvider } from './provider-harness.ts';

const attribute = (more: object, threat_level_id = '1') => ({
  id: '12345',
  event_id: '1207',
  object_id: '0',
  category: 'Network activity',
  type: 'ip-dst',
  to_ids: true,
  uuid: 'c99506a6-1255-4b71-afa5-7b8ba48c3b1b',
  timestamp: '1763800000',
  comment: '',
  deleted: false,
  value: '194.26.192.64',
  Tag: [{ id: '1', name: 'tlp:amber', colour: '#ffffff' }],
  Event: { id: '1207', org_id: '1', info: 'BumbleBee infrastructure', threat_level_id, published: true },
  ...more,
});
const response = (...attributes: object[]) => ({ response: { Attribute: attributes } });
const of = ['ip', '194.26.192.64'] as const;
const asks = {
  method: 'POST' as const,
  path: '/attributes/restSearch',
  headers: { authorization: 'the-key', accept: 'application/json' },
  body: { returnFormat: 'json', value: '194.26.192.64', published: true, enforceWarninglist: true },
};

testProvider(misp, {
  known: [
    {
      of,
      asks,
      body: response(attribute({ to_ids: false }, '4'), attribute({})),
      judged: {
        verdict: 'malicious',
        score: 95,
        summary: 'named in 1 event, such as "BumbleBee infrastructure"',
      },
    },
    { of, asks, body: response(attribute({}, '3')), judged: { verdict: 'malicious', score: 75 } },
    { of, asks, body: response(attribute({ to_ids: false })), judged: { verdict: 'unknown', score: null } },
    {
      of,
      asks,
      body: response(attribute({ Tag: [{ name: 'false-positive:risk="high"' }] })),
      judged: { verdict: 'unknown', score: null },
    },
  ],
  unknown: { body: response() },
});
