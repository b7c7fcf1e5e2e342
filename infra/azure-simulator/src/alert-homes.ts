import { contentOf, findAlert } from './incident-content.ts';
import type { IncidentRecord, IncidentStore, Resource } from './incident-store.ts';

const KEPT = 10_000;

/** Which incident an alert was last seen in, so that all of them need not be searched. */
export interface AlertHomes {
  saw(record: IncidentRecord, alerts: readonly Resource[]): void;
  find(alertName: string, store: IncidentStore): IncidentRecord | undefined;
}

/** Newest first; every alert of every incident is made anew for it. */
function search(store: IncidentStore, name: string): IncidentRecord | undefined {
  const whole = { from: undefined, to: undefined, isDescending: true, isWanted: () => true };
  for (const record of store.ordered('number').walk(whole)) {
    if (record.source.alerts(record).some((alert) => alert.name.toLowerCase() === name)) return record;
  }
  return undefined;
}

export function createAlertHomes(): AlertHomes {
  const numbers = new Map<string, number>();
  return {
    saw: (record, alerts) => {
      for (const { name } of alerts) numbers.set(name.toLowerCase(), record.number);
      for (const name of numbers.keys()) {
        if (numbers.size <= KEPT) break;
        numbers.delete(name);
      }
    },
    find: (alertName, store) => {
      const name = alertName.toLowerCase();
      const seen = store.byNumber(numbers.get(name) ?? 0);
      if (seen && findAlert(contentOf(seen), name)) return seen;
      return search(store, name);
    },
  };
}
