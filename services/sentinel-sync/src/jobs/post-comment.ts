import type { PostComment } from '@socmate/contracts';
import type { WriteRunner } from '../write-back-runner.ts';

/** Safe to run twice: rows say which comments are due, and only one run claims each. */
export const createPostComment =
  ({ runner }: { readonly runner: WriteRunner }) =>
  ({ incidentId }: PostComment): Promise<void> =>
    runner.run(incidentId);
