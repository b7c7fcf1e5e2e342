import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { POINTS } from './entity-claims.ts';
import { RELATED_POINTS } from './score-related.ts';
import { TACTICS_MAX } from './score-tactics.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/scoring.md'), 'utf8');

test('the page on scores gives the points that count', () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, line = '', points = '']) => [line, points.replace('−', '-')],
  );
  expect(Object.fromEntries(rows)).toMatchObject({
    'an entity is malicious': `${POINTS.malicious}`,
    'an entity is suspicious': `${POINTS.suspicious}`,
    'an entity is suspicious by sources of class D or lower alone': `${POINTS.hint}`,
    'an entity is on the watch list': `${POINTS.watch}`,
    'a privileged account': `${POINTS.privileged}`,
    'related incidents closed as true positive': `${RELATED_POINTS.truePositive}`,
    tactics: `1–12 each, ${TACTICS_MAX} at most`,
    'an entity is approved': `${POINTS.approved}`,
    'an entity is on the allow list': `${POINTS.allow}`,
    'an address is known good': `${POINTS.knownGood}`,
    'related incidents closed as benign': `${RELATED_POINTS.benign}`,
  });
});
