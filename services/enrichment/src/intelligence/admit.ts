import type { Entity } from '@socmate/contracts';
import type { FindList } from './listed-values.ts';
import {
  type Admission,
  publicAddress,
  publicDomain,
  publicHash,
  publicUrl,
  readingsOf,
} from './public-indicators.ts';
import type { Subject, SubjectType } from './subject.ts';

export interface Confidences {
  /** The incident's labels: some marks of the traffic light protocol keep everything in. */
  readonly labels?: readonly string[];
  /** User names and addresses of the incident's people: a URL or domain that holds one stays in. */
  readonly people?: readonly string[];
}

const GATES: Readonly<Record<SubjectType, (value: string) => Admission>> = {
  ip: publicAddress,
  domain: publicDomain,
  url: publicUrl,
  hash: publicHash,
};

/** Decides what of an entity may leave; without a subject nothing does. */
export function admit(entity: Entity, findList: FindList, confidences: Confidences = {}): Admission {
  const mark = restrictingMark(confidences.labels ?? []);
  if (mark !== undefined) return { reason: `the incident is marked ${mark}` };
  if (!isSubjectType(entity.type)) return { reason: `nothing of the type ${entity.type} is sent` };
  const admission = GATES[entity.type](entity.value);
  if ('reason' in admission) return admission;
  const { subject } = admission;
  const list = findList(subject, entity.value);
  if (list !== undefined) return { reason: `it is on the list ${list}` };
  if (namesSomebody(subject, confidences.people ?? [])) return { reason: 'it names a person' };
  return admission;
}

export const isSubjectType = (type: string): type is SubjectType => Object.hasOwn(GATES, type);

/** `TLP:AMBER` alone lets what is asked of vendors under contract leave; the two above it do not. */
function restrictingMark(labels: readonly string[]): string | undefined {
  const marks = labels.map((label) => label.toUpperCase().replaceAll(/[\s_]/g, ''));
  return marks.find((mark) => /^TLP[:-]?(?:RED|AMBER[+-]?STRICT)$/.test(mark));
}

// So common in paths and host names that they name nobody.
const GENERIC = new Set(
  (
    'admin administrator api app backup cloud com dev guest info login mail net office online org root sales scanner ' +
    'security service support system test user web www'
  ).split(' '),
);
const NAME_MIN = 3;

function namesSomebody({ type, value }: Subject, people: readonly string[]): boolean {
  if ((type !== 'url' && type !== 'domain') || people.length === 0) return false;
  const words = (readingsOf(type === 'url' ? value.slice(value.indexOf('://') + 3) : value) ?? []).flatMap(
    (reading) => [...wordsOf(reading)],
  );
  const flat = ` ${words.join(' ')} `;
  return people.flatMap(spellings).some((spelling) => flat.includes(` ${spelling} `));
}

/** As words, so that `j.doe@contoso.com` is found in `j_doe_contoso_com`. */
function spellings(person: string): string[] {
  const name = person.split('@')[0] ?? '';
  const account = name.split('\\').at(-1) ?? '';
  return [person, account]
    .map((text) => wordsOf(text).join(' '))
    .filter((text) => text.length >= NAME_MIN && !GENERIC.has(text));
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
