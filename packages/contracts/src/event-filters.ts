import { z } from 'zod';
import { distinct, text } from './text.ts';

const MAX_VALUES = 50;

const values = (description: string) =>
  z.array(text(200)).min(1).max(MAX_VALUES).transform(distinct).meta({ description });

/** What an endpoint keeps of `incident-alert`: one value of each field that is given. */
export const EventFilters = z
  .strictObject({
    title_contains: values('Any of these within the title.'),
    title_glob: values('Any of these is the whole title; `*` is any text, `?` any one character.'),
    rules: values('Ids of analytics rules, whole or their last part.'),
    products: values('Names of the products whose alerts the incident has.'),
    labels: values('Labels of the incident.'),
    tactics: values('MITRE ATT&CK tactics, as Sentinel names them.'),
  })
  .partial()
  .meta({
    id: 'EventFilters',
    description:
      'Which `incident-alert`s an endpoint gets: those that have one value of each given field, in any case. Other types pass.',
  });
export type EventFilters = z.output<typeof EventFilters>;

/** What of an incident filters look at. */
export interface FilteredIncident {
  readonly title: string;
  readonly rules: readonly string[];
  readonly products: readonly string[];
  readonly labels: readonly string[];
  readonly tactics: readonly string[];
}

const folded = (given: string): string => given.toLowerCase();

/** Linear in the title for each star: a pattern never costs more than the two lengths multiplied. */
export function matchesGlob(pattern: string, given: string): boolean {
  const wanted = Array.from(folded(pattern));
  const title = Array.from(folded(given));
  let [at, next, star, resumed] = [0, 0, -1, 0];
  while (at < title.length) {
    if (wanted[next] === '*') {
      star = next;
      resumed = at;
      next += 1;
    } else if (wanted[next] === '?' || wanted[next] === title[at]) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      next = star + 1;
      resumed += 1;
      at = resumed;
    } else return false;
  }
  return wanted.slice(next).every((character) => character === '*');
}

/** The last part of an Azure resource's id. */
const lastPart = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

const holdsOne = (has: readonly string[], wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || wanted.some((value) => has.some((own) => folded(own) === folded(value)));

export function matchesFilters(filters: EventFilters, incident: FilteredIncident): boolean {
  const { title_contains: parts, title_glob: globs } = filters;
  const title = folded(incident.title);
  if (parts && !parts.some((part) => title.includes(folded(part)))) return false;
  if (globs && !globs.some((glob) => matchesGlob(glob, incident.title))) return false;
  return (
    holdsOne([...incident.rules, ...incident.rules.map(lastPart)], filters.rules) &&
    holdsOne(incident.products, filters.products) &&
    holdsOne(incident.labels, filters.labels) &&
    holdsOne(incident.tactics, filters.tactics)
  );
}

/** What a storm is counted by: the incident's first analytics rule, or its title where no rule made it. */
export const stormKey = ({ rules: [rule], title }: FilteredIncident): string =>
  (rule === undefined ? `title:${folded(title)}` : `rule:${folded(lastPart(rule))}`).slice(0, 500);
