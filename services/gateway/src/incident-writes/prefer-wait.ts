import { invalidField } from '@socmate/runtime';

const DEFAULT_WAIT_S = 15;
const WAIT_MAX_S = 60;

const PREFERENCE = /^\s*(?<name>[\w-]+)(?:\s*=\s*"?(?<value>[^"]*?)"?)?\s*$/;

const refused = () =>
  invalidField(['header', 'Prefer'], `wait takes whole seconds from 0 to ${WAIT_MAX_S}, as in wait=20`);

/** The seconds of `Prefer: wait=N` (RFC 7240), 0 for `respond-async`; other preferences are not ours to judge. */
export function preferredWaitS(header: string | undefined, otherwiseS = DEFAULT_WAIT_S): number {
  let waitS: number | undefined;
  for (const preference of (header ?? '').split(/[,;]/)) {
    const { name, value } = PREFERENCE.exec(preference)?.groups ?? {};
    if (name?.toLowerCase() === 'respond-async') waitS ??= 0;
    if (name?.toLowerCase() !== 'wait') continue;
    if (!/^\d{1,4}$/.test(value ?? '') || Number(value) > WAIT_MAX_S) throw refused();
    waitS = Number(value);
  }
  return waitS ?? otherwiseS;
}
