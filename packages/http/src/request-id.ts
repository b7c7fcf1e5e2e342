import type { Ids } from '@socmate/runtime';

const GIVEN = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's own id where it is one that may stand in a log, else a new one. */
export const requestId = (given: string | undefined, ids: Ids): string =>
  given !== undefined && GIVEN.test(given) ? given : ids.next('req');
