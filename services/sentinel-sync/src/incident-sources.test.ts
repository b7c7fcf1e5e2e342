import { expect, test } from '@jest/globals';
import { incidentSources } from './incident-sources.ts';

test('rules and products are read as Sentinel sent them', () => {
  const raw = {
    properties: {
      relatedAnalyticRuleIds: ['/r/1'],
      additionalData: { alertProductNames: ['Azure Sentinel'] },
    },
  };
  expect(incidentSources(raw)).toEqual({ rules: ['/r/1'], products: ['Azure Sentinel'] });
});

test.each([
  null,
  'text',
  {},
  { properties: {} },
  { properties: { relatedAnalyticRuleIds: null, additionalData: null } },
  { properties: { relatedAnalyticRuleIds: [1], additionalData: { alertProductNames: 'x' } } },
])('what is missing or otherwise than documented is none: %j', (raw) => {
  expect(incidentSources(raw)).toEqual({ rules: [], products: [] });
});
