import { expect, test } from '@jest/globals';
import type { Enrichment } from '@socmate/contracts';
import { createAssess } from './assess-incident.ts';
import type { Assessment, AssessmentInput } from './assessment.ts';
import { levelOf } from './score-incident.ts';
import { aListing, anEntity, anInput, anObservation, createRandom, randomInput } from './test-incident.ts';

const assess = createAssess({ tenantDomains: ['contoso.com'] });
type Line = Assessment['risk']['lines'][number];

const sumOf = (lines: readonly Line[]) => lines.reduce((sum, { points }) => sum + points, 0);

/** The entities that a line names. */
const namedIn = ({ evidence }: Line): Set<string> =>
  new Set(
    evidence
      .filter((each) => each.startsWith('entity:'))
      .map((each) => each.slice('entity:'.length, each.lastIndexOf('/'))),
  );

const without = (input: AssessmentInput, gone: string): AssessmentInput => ({
  ...input,
  entities: input.entities.filter(({ key }) => key !== gone),
});

const inputs = (count: number): AssessmentInput[] => {
  const random = createRandom(23);
  return Array.from({ length: count }, () => randomInput(random));
};

test('taking any one entity away changes the score by exactly the lines that rest on it alone', () => {
  let exact = 0;
  for (const input of inputs(250)) {
    const { risk, entities } = assess(input);
    for (const { key } of entities) {
      const own = risk.lines.filter((line) => namedIn(line).size === 1 && namedIn(line).has(key));
      const rest = assess(without(input, key)).risk;
      expect(sumOf(rest.lines)).toBe(sumOf(risk.lines) - sumOf(own));
      const isWithin = (lines: readonly Line[]) => sumOf(lines) >= 0 && sumOf(lines) <= 100;
      if (own.length === 0 || !isWithin(risk.lines) || !isWithin(rest.lines)) continue;
      expect(risk.score - rest.score).toBe(sumOf(own));
      exact += 1;
    }
  }
  expect(exact).toBeGreaterThan(200);
});

test('no line names an entity that was taken away', () => {
  for (const input of inputs(100)) {
    for (const { key } of input.entities)
      expect(assess(without(input, key)).risk.lines.filter((line) => namedIn(line).has(key))).toEqual([]);
  }
});

test('the score is the sum of its lines, from 0 to 100', () => {
  for (const { risk } of inputs(200).map(assess)) {
    expect(risk.score).toBe(Math.min(100, Math.max(0, sumOf(risk.lines))));
    expect(risk.level).toBe(levelOf(risk.score));
    expect(risk.lines.every(({ points }) => points !== 0 && Number.isInteger(points))).toBe(true);
  }
});

test('every line names evidence that is in the result, the lists or the incident', () => {
  for (const input of inputs(200)) {
    const { risk, entities, techniques } = assess(input);
    const there = new Set([
      ...entities.flatMap(({ key, observations }) =>
        observations.map((each) => `entity:${key}/${each.provider}`),
      ),
      ...techniques.map(({ id }) => `technique:${id}`),
      ...techniques.flatMap(({ tactics }) => tactics.map((name) => `tactic:${name}`)),
      ...input.incident.tactics.map((name) => `tactic:${name}`),
      ...input.related.map(({ number }) => `incident:${number}`),
      ...input.facts.lists.map(({ list, key }) => `list:${list}/${key}`),
    ]);
    for (const { evidence } of risk.lines) {
      expect(evidence.length).toBeGreaterThan(0);
      expect(evidence.filter((each) => !there.has(each))).toEqual([]);
    }
  }
});

test('the same input in any order gives the same result, byte for byte', () => {
  const random = createRandom(5);
  for (const input of inputs(200)) {
    const { facts, incident } = input;
    const shuffled = {
      ...input,
      entities: random.shuffled(input.entities),
      observations: new Map(
        random.shuffled([...input.observations]).map(([key, said]) => [key, random.shuffled(said)]),
      ),
      facts: { ...facts, relations: random.shuffled(facts.relations), lists: random.shuffled(facts.lists) },
      incident: { ...incident, tactics: random.shuffled(incident.tactics) },
      related: random.shuffled(input.related),
    };
    expect(JSON.stringify(assess(shuffled))).toBe(JSON.stringify(assess(input)));
  }
});

const malicious = (...providers: string[]) => providers.map((provider) => anObservation({ provider }));
const address = anEntity('ip', '45.155.205.20');

test('the same address in five feeds counts as one fact', () => {
  const scoreOf = (...providers: string[]) =>
    assess(anInput({ entities: [address], observations: new Map([[address.key, malicious(...providers)]]) }))
      .risk;
  const five = scoreOf('abuseipdb', 'greynoise', 'misp', 'threatfox', 'virustotal');
  expect(five.score).toBe(scoreOf('misp').score);
  expect(five.lines).toEqual([
    {
      points: 25,
      reason: 'ip 45.155.205.20 malicious (abuseipdb 90, greynoise 90, misp 90, threatfox 90, virustotal 90)',
      evidence: ['abuseipdb', 'greynoise', 'misp', 'threatfox', 'virustotal'].map(
        (provider) => `entity:ip:45.155.205.20/${provider}`,
      ),
    },
  ]);
});

test('an address, its domain, the URL on it and its sender are one fact', () => {
  const entities = [
    address,
    anEntity('domain', 'cdn.evil-sync.com'),
    anEntity('url', 'https://cdn.evil-sync.com/a'),
    anEntity('email', 'me@evil-sync.com'),
    anEntity('url', 'http://45.155.205.20/b'),
  ];
  const observations = new Map(entities.map(({ key }) => [key, malicious('virustotal')]));
  const relations = [{ from: 'domain:cdn.evil-sync.com', to: address.key, kind: 'RESOLVED_TO' as const }];
  const { lines } = assess(anInput({ entities, observations, facts: { relations } })).risk;
  expect(lines.map(({ points }) => points)).toEqual([25]);
  expect(lines[0]?.evidence).toHaveLength(5);
});

test('a family counts for its strongest member, and says what the others show', () => {
  const url = anEntity('url', 'https://evil-sync.com/a');
  const domain = anEntity('domain', 'evil-sync.com');
  const observations = new Map([
    [url.key, [anObservation({ verdict: 'suspicious', score: 40 })]],
    [domain.key, malicious('misp')],
  ]);
  const { risk } = assess(anInput({ entities: [url, domain], observations }));
  expect(risk.score).toBe(25);
  expect(risk.lines.map(({ points, reason }) => `${points} ${reason}`)).toEqual([
    '15 domain evil-sync.com malicious (misp 90)',
    '10 domain evil-sync.com malicious (misp 90); url https://evil-sync.com/a suspicious (virustotal 40)',
  ]);
});

test('what only sources of class D or lower call suspicious is a hint', () => {
  const observations = new Map([[address.key, [anObservation({ verdict: 'suspicious', reliability: 'D' })]]]);
  expect(assess(anInput({ entities: [address], observations })).risk.score).toBe(5);
});

test('all processes are one fact, and the file of one another', () => {
  const entities = [
    anEntity('process', 'rundll32.exe C:\\Temp\\a.dll,Run'),
    anEntity('process', 'wscript.exe C:\\Users\\a\\Downloads\\b.js'),
    anEntity('file', 'C:\\Temp\\a.dll'),
    anEntity('hash', 'a'.repeat(64)),
    anEntity('malware', 'Trojan:Win64/Bumblebee'),
  ];
  const keys = entities.map(({ key }) => key) as [string, string, string, string, string];
  const observations = new Map(keys.slice(3).map((key) => [key, malicious('misp')]));
  const relations = [
    { from: keys[2], to: keys[3], kind: 'HAS_HASH' as const },
    { from: keys[4], to: keys[2], kind: 'ASSOCIATED_WITH' as const },
    { from: keys[0], to: keys[2], kind: 'ASSOCIATED_WITH' as const },
  ];
  const { lines } = assess(anInput({ entities, observations, facts: { relations } })).risk;
  expect(lines.map(({ points, evidence }) => [points, evidence.length])).toEqual([
    [25, 2],
    [5, 2],
  ]);
});

test('a long value is cut so that Postgres can keep it', () => {
  const file = anEntity('file', `${'a'.repeat(99)}😀${'b'.repeat(50)}`);
  const observations = new Map([[file.key, malicious('misp')]]);
  const [line] = assess(anInput({ entities: [file], observations })).risk.lines;
  expect(line?.reason).toMatch(/^file a{99}.… malicious \(misp 90\)$/u);
  expect(line?.reason.isWellFormed()).toBe(true);
});

test('two addresses are two facts', () => {
  const other = anEntity('ip', '193.142.146.35');
  const observations = new Map([address, other].map(({ key }) => [key, malicious('misp')]));
  expect(assess(anInput({ entities: [address, other], observations })).risk.score).toBe(50);
});

test('our own earlier verdicts are shown and never scored', () => {
  const history = [
    {
      key: address.key,
      incidents: 4,
      first_seen: '2026-01-02T03:04:05Z',
      last_seen: '2026-04-01T03:04:05Z',
      classifications: { true_positive: 3 },
      verdicts: { malicious: 4 },
    },
  ];
  const { risk, entities } = assess(anInput({ entities: [address], facts: { history } }));
  expect(risk).toEqual({ score: 0, level: 'informational', lines: [] });
  expect(entities[0]).toMatchObject({
    verdict: 'unknown',
    context: { history: { incidents: 4, verdicts: { malicious: 4 } } },
  });
});

test('each closest entry of the watch list adds once; approval and the allow list take away once', () => {
  const more = ['45.155.205.21', '45.155.205.22'].map((value) => anEntity('ip', value));
  const linesFor = (list: 'watch' | 'approved' | 'allow' | 'internal', ...values: string[]) =>
    assess(
      anInput({
        entities: [address, ...more],
        facts: { lists: values.map((value) => aListing(list, 'ip', value)) },
      }),
    ).risk.lines.map(({ points }) => points);
  const each = ['45.155.205.20', '45.155.205.21', '45.155.205.22'];
  expect(linesFor('watch', '45.155.205.0/24')).toEqual([20]);
  expect(linesFor('watch', ...each)).toEqual([20, 20, 20]);
  expect(linesFor('watch', '45.155.205.0/24', '45.155.0.0/16')).toEqual([20]);
  expect(linesFor('watch', '::/16')).toEqual([]);
  expect(linesFor('approved', ...each)).toEqual([-20]);
  expect(linesFor('allow', ...each)).toEqual([-5]);
  expect(linesFor('internal', ...each)).toEqual([]);
});

test('a known service takes points away, but not where a domain of the incident is hosted on it', () => {
  const observations = new Map([
    [address.key, [anObservation({ provider: 'greynoise', verdict: 'benign', score: 0 })]],
  ]);
  const entities = [address];
  const relations = [{ from: 'domain:evil-sync.com', to: address.key, kind: 'RESOLVED_TO' as const }];
  expect(assess(anInput({ entities, observations })).risk.lines).toMatchObject([{ points: -5 }]);
  expect(assess(anInput({ entities, observations, facts: { relations } })).risk.lines).toEqual([]);
});

const related = (...classifications: (string | null)[]): Enrichment['related_incidents'] =>
  classifications.map((classification, at) => ({
    number: 30 + at,
    provider: 'prod',
    title: 'another',
    classification,
    score: 2,
    shared: [{ type: 'ip', value: '45.155.205.20' }],
  }));

test('related incidents count by how people closed them, once, and benign ones only where none was real', () => {
  const linesFor = (...closed: (string | null)[]) =>
    assess(anInput({ related: related(...closed) })).risk.lines.map(({ points, evidence }) => ({
      points,
      evidence,
    }));
  expect(linesFor(null, 'undetermined')).toEqual([]);
  expect(linesFor('TruePositive', 'true_positive', 'benign_positive')).toEqual([
    { points: 15, evidence: ['incident:30', 'incident:31'] },
  ]);
  expect(linesFor('benign_positive', 'FalsePositive', null)).toEqual([
    { points: -10, evidence: ['incident:30', 'incident:31'] },
  ]);
});

test('a tactic counts once however many techniques show it, and all tactics for no more than 30', () => {
  const incident = {
    tactics: ['Exfiltration', 'exfiltration', 'Collection', 'Impact', 'LateralMovement'],
    techniques: ['T1530', 'T1537', 'T1048'],
  };
  const { lines } = assess(anInput({ incident })).risk;
  expect(lines.map(({ points }) => points)).toEqual([12, 12, 6]);
  expect(lines[0]?.evidence).toEqual(['tactic:Exfiltration', 'technique:T1048', 'technique:T1537']);
});

test('tactics come from the techniques where nobody names any, and revoked techniques are replaced', () => {
  const { techniques, risk } = assess(anInput({ incident: { techniques: ['t1086', 'T1059.001', 'T9999'] } }));
  expect(techniques).toEqual([{ id: 'T1059.001', name: 'PowerShell', tactics: ['Execution'] }]);
  expect(risk.lines).toEqual([
    {
      points: 6,
      reason: 'tactic Execution (T1059.001)',
      evidence: ['tactic:Execution', 'technique:T1059.001'],
    },
  ]);
});

test('levels begin at 0, 20, 40, 60 and 80', () => {
  expect([0, 19, 20, 39, 40, 59, 60, 79, 80, 100].map(levelOf)).toEqual([
    'informational',
    'informational',
    'low',
    'low',
    'medium',
    'medium',
    'high',
    'high',
    'critical',
    'critical',
  ]);
});
